// One SSH connection to one address: modern algorithms only, the pinned host key, our key, and a fault with a kind
// for each way it can fail. The host key is compared before our key is even named, so a stranger learns nothing.

import ssh2, { type Client, type ConnectConfig, type ParsedKey, type PublicKeyAuthMethod } from 'ssh2'
import type { Endpoint } from '../kernel/endpoint.ts'
import { noMore } from '../kernel/no-more.ts'
import type { Seams } from '../kernel/seams.ts'
import { RemoteFault, type RemoteFaultKind } from './remote.ts'

export interface Login {
  readonly user: string
  readonly key: ParsedKey
  /** The pinned host key, SSH wire form. */
  readonly hostKey: Buffer
}

/**
 * Figures and order from measurements against OpenSSH 9.2 and ssh2's own server: curve25519 costs 2.3 ms of client
 * CPU, gcm is the cheapest cipher in both of ssh2's crypto engines, compression only costs.
 */
const algorithms: ConnectConfig['algorithms'] = {
  kex: ['curve25519-sha256', 'ecdh-sha2-nistp256'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
}

/** A dead peer is noticed after some 15 s. */
const keepalive = { keepaliveInterval: 5_000, keepaliveCountMax: 2 }

/**
 * A logged-in client; the caller owns and ends it. Throws RemoteFault, or the signal's reason.
 * `limitMs` bounds everything from the TCP connection to the login.
 */
export function handshake(
  login: Login,
  endpoint: Endpoint,
  limitMs: number,
  seams: Seams,
  signal: AbortSignal,
): Promise<Client> {
  return new Promise((resolve, reject) => {
    const client = new ssh2.Client()
    const timer = new AbortController()
    const where = `${endpoint.address}:${endpoint.port}`
    const byKey: PublicKeyAuthMethod = { type: 'publickey', username: login.user, key: login.key }
    let strangerKey: Buffer | undefined
    let settled = false
    let offered = false
    let banner = ''

    const settle = (finish: () => void) => {
      if (settled) return
      settled = true
      timer.abort(noMore)
      signal.removeEventListener('abort', onAbort)
      client.off('close', onClose)
      finish()
    }
    const fail = (reason: unknown) =>
      settle(() => {
        client.destroy()
        reject(reason)
      })
    const onAbort = () => fail(signal.reason)
    const onClose = () =>
      fail(new RemoteFault('unreachable', offered ? shut() : `${where} closed the connection early`))
    // As PAM does with an account that is closed, and with every login while the machine boots.
    const shut = () =>
      `${where} closed the connection when we logged in as ${login.user}: ${banner.trim() || 'it is still booting, or the account is closed'}`

    if (signal.aborted) return reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    seams.clock.sleep(limitMs, timer.signal).then(
      () => fail(new RemoteFault('unreachable', `${where} did not finish the handshake in ${limitMs} ms`)),
      () => undefined,
    )
    client.on('handshake', () => {
      offered = true
    })
    client.on('banner', (text: string) => {
      banner = text.slice(0, 300)
    })
    client.on('ready', () => settle(() => resolve(client)))
    // Stays for the client's life: an 'error' that nobody hears would end the process. 'close' always follows.
    client.on('error', (error: Error) => fail(strangerKey ? changed(where, strangerKey) : classified(where, error)))
    client.on('close', onClose)
    client.connect({
      host: endpoint.address,
      port: endpoint.port,
      username: login.user,
      authHandler: [byKey],
      hostVerifier: (key: Buffer) => {
        if (key.equals(login.hostKey)) return true
        strangerKey = key
        return false
      },
      algorithms,
      readyTimeout: 0,
      ...keepalive,
    })
    // ssh2 leaves Nagle's algorithm on, which costs 40 ms for each small write that follows another.
    client.setNoDelay(true)
  })
}

/** The pinned key of a target in wire form. Throws RemoteFault `protocol` when it is not ed25519. */
export function pinnedKey(line: string): Buffer {
  const [type, blob] = line.trim().split(/\s+/)
  if (type !== 'ssh-ed25519' || blob === undefined)
    throw new RemoteFault('protocol', 'the pinned host key is not ed25519')
  return Buffer.from(blob, 'base64')
}

function changed(where: string, key: Buffer): RemoteFault {
  return new RemoteFault('hostKeyChanged', `${where} showed the host key ssh-ed25519 ${key.toString('base64')}`)
}

function classified(where: string, error: Error & { level?: string; code?: unknown }): RemoteFault {
  return new RemoteFault(faultKind(error), `${where}: ${error.message}`, { cause: error })
}

/** Levels as ssh2 sets them (lib/client.js); a DISCONNECT of the server carries the number of RFC 4253, 11.1. */
function faultKind(error: Error & { level?: string; code?: unknown }): RemoteFaultKind {
  const noMoreAuthMethods = 14
  switch (error.level) {
    case 'client-authentication':
      return 'loginDenied'
    case 'handshake':
      return /no matching host key/i.test(error.message) ? 'hostKeyChanged' : 'protocol'
    case 'protocol':
      return /before handshake/.test(error.message) ? 'unreachable' : 'protocol'
    default:
      return error.code === noMoreAuthMethods || /too many authentication/i.test(error.message)
        ? 'loginDenied'
        : 'unreachable'
  }
}
