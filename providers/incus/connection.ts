// HTTP to one server, by unix socket or by TLS with a client certificate. A server of one's own usually signs its own
// certificate, so it is pinned by fingerprint, checked before the first byte of a request leaves.

import { createHash } from 'node:crypto'
import * as http from 'node:http'
import * as https from 'node:https'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Seams } from '../../src/kernel/seams.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { IncusConfig } from './config.ts'

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path with query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

export interface Connection {
  /** Throws ProviderFault when no answer came; any answer, an error too, is returned. */
  send(call: Call, signal: AbortSignal): Promise<Answer>
  close(): void
}

/** How long one answer may take, ms. Long work is an operation, which is asked about again and again. */
const answerMs = 60_000

export function openConnection(config: IncusConfig, seams: Seams): Connection {
  const { options, agent } = config.socket !== undefined ? bySocket(config.socket) : byTls(config)
  return {
    async send(call, signal) {
      const stop = new AbortController()
      const late = new AbortController()
      seams.clock.sleep(answerMs, stop.signal).then(
        () => late.abort(new Error(`no answer within ${answerMs / 1000} s`)),
        () => undefined,
      )
      try {
        return await exchange({ ...options, agent }, call, AbortSignal.any([signal, late.signal]))
      } catch (error) {
        throw faultOf(error, call)
      } finally {
        stop.abort()
      }
    },
    close: () => agent.destroy(),
  }
}

type Options = http.RequestOptions | https.RequestOptions

function bySocket(socketPath: string): { options: Options; agent: http.Agent } {
  return { options: { socketPath, protocol: 'http:' }, agent: new http.Agent({ keepAlive: true }) }
}

function byTls(config: IncusConfig): { options: Options; agent: http.Agent } {
  const { hostname, port } = new URL(config.url ?? '')
  const pinned = config.serverFingerprint?.toLowerCase()
  const agent = new https.Agent({ keepAlive: true })
  agent.createConnection = (_options, done) => {
    const socket = connectTls({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port) || 443,
      ...(isIP(hostname) ? {} : { servername: hostname }),
      cert: config.clientCertificate,
      key: config.clientKey,
      rejectUnauthorized: pinned === undefined,
    })
    // Handed over only now: a request written earlier could leave in the same breath as the handshake's end.
    socket.once('secureConnect', () => {
      socket.off('error', failed)
      // None when the connection broke in this very moment; then it matches nothing.
      const { raw = new Uint8Array() }: { raw?: Uint8Array } = socket.getPeerCertificate()
      const seen = createHash('sha256').update(raw).digest('hex')
      if (pinned === undefined || seen === pinned) return done?.(null, socket)
      socket.destroy()
      done?.(new UntrustedServer(`the server's certificate has the fingerprint ${seen}, not ${pinned}`), socket)
    })
    const failed = (error: Error) => done?.(new NotConnected(error.message, { cause: error }), socket)
    socket.once('error', failed)
    return undefined
  }
  return { options: { hostname, port: Number(port) || 443, protocol: 'https:' }, agent }
}

/** Marks: nothing was sent. Errors are told apart by them, so they are classes though they hold nothing. */
class UntrustedServer extends Error {}
class NotConnected extends Error {}

function exchange(options: Options, call: Call, signal: AbortSignal): Promise<Answer> {
  const { request } = options.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { ...options, method: call.method, path: call.path, headers: { host: 'incus', ...call.headers }, signal },
      (incoming) => {
        const parts: Buffer[] = []
        incoming.on('data', (part: Buffer) => parts.push(part))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(parts) }),
        )
      },
    )
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error))
    outgoing.end(call.body)
  })
}

function faultOf(error: unknown, call: Call): ProviderFault {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof UntrustedServer) {
    return new ProviderFault({ kind: 'denied', outcome: 'none' }, message, { cause: error })
  }
  const unsent = call.method === 'GET' || error instanceof NotConnected || isConnectError(error)
  return new ProviderFault({ kind: 'transient', outcome: unsent ? 'none' : 'unknown' }, message, { cause: error })
}

function isConnectError(error: unknown): boolean {
  return (
    error instanceof Error && 'syscall' in error && (error.syscall === 'connect' || error.syscall === 'getaddrinfo')
  )
}
