// An Incus for unit tests: a server on a unix socket that answers what a test tells it to, and writes down what it was
// asked. What the real one does in its place is in test/e2e; a cluster whose members die is not to be had there.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { Session } from '../../src/provider/contract.ts'
import { configSchema, type IncusMachineSpec } from './config.ts'
import { openSession } from './session.ts'

export interface Reply {
  readonly status: number
  readonly body: object
}

export const sync = (metadata: unknown): Reply => ({ status: 200, body: { type: 'sync', metadata } })
export const refuse = (status: number, error: string): Reply => ({ status, body: { type: 'error', error } })

/** Answers a call by `METHOD /path`, without `/1.0`; undefined is 404. */
export type Answers = (call: string, query: URLSearchParams) => Reply | undefined

export interface PretendIncus extends AsyncDisposable {
  readonly session: Session<IncusMachineSpec>
  /** What `GET /1.0` tells of the server; a test may change it. */
  readonly environment: { certificate_fingerprint?: string; server_clustered: boolean }
  /** Every call so far, as `METHOD /path`. */
  readonly calls: string[]
}

/** A session on a cluster of this name list, or on a standalone server when it has one name. */
export async function pretendIncus(members: readonly string[], answers: Answers): Promise<PretendIncus> {
  const folder = mkdtempSync(join(tmpdir(), 'incus-pretend-'))
  const socket = join(folder, 'socket')
  const calls: string[] = []
  const clustered = members.length > 1
  const environment = {
    server: 'incus',
    server_version: '6.0.4',
    server_name: members[0],
    server_clustered: clustered,
    certificate_fingerprint: 'ab'.repeat(32),
  }
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://incus')
    const call = `${request.method} ${url.pathname.slice('/1.0'.length)}`
    calls.push(call)
    const own = call === 'GET ' ? sync({ auth: 'trusted', environment }) : answers(call, url.searchParams)
    const { status, body } = own ?? refuse(404, 'not found')
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const session = await openSession(configSchema.parse({ socket }), realSeams())
  calls.length = 0
  return {
    session,
    environment,
    calls,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(folder, { recursive: true })
    },
  }
}
