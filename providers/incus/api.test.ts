// The client against a server on a unix socket that answers as a test wants, so that every way of losing an answer is met.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { z } from 'zod'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { type Api, apiOver } from './api.ts'
import { configSchema } from './config.ts'
import { openConnection } from './connection.ts'

const signal = new AbortController().signal
const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp()
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function serve(handler: Handler): Promise<{ api: Api; seen: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'incus-api-'))
  const socket = join(folder, 'socket')
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`)
    request.resume().on('end', () => handler(request, response))
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  const connection = openConnection(configSchema.parse({ socket }), realSeams())
  cleanUps.push(
    () => connection.close(),
    () => server.closeAllConnections(),
    () => new Promise((resolve) => server.close(resolve)),
    () => rmSync(folder, { recursive: true }),
  )
  return { api: apiOver(connection, 'shop', realSeams()), seen }
}

const reply = (response: ServerResponse, status: number, body: object) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
const sync = (metadata: unknown) => ({ type: 'sync', operation: '', metadata })
const operation = (id: string, status_code: number, err = '') => ({ id, status_code, err })

test('a change is over when its operation is, and every call names the project', async () => {
  let asked = 0
  const { api, seen } = await serve((request, response) => {
    if (request.method === 'POST') reply(response, 202, { type: 'async', operation: '/1.0/operations/o1?project=shop' })
    else reply(response, 200, sync(operation('o1', ++asked < 3 ? 103 : 200)))
  })
  await api.change('POST', '/instances', { name: 'a' }, signal, { target: 'node-1' })
  expect(seen).toEqual([
    'POST /1.0/instances?project=shop&target=node-1',
    ...Array(3).fill('GET /1.0/operations/o1?project=shop'),
  ])
})

test('an operation that fails is a fault with the words of the server; one that was forgotten leaves the effect unknown', async () => {
  const { api } = await serve((request, response) => {
    if (request.method === 'DELETE') reply(response, 202, { type: 'async', operation: '/1.0/operations/failed' })
    else if (request.method === 'POST') reply(response, 202, { type: 'async', operation: '/1.0/operations/forgotten' })
    else if (request.url?.includes('failed'))
      reply(response, 200, sync(operation('failed', 400, 'no space left on device')))
    else reply(response, 404, { type: 'error', error: 'not found', error_code: 404, metadata: null })
  })
  await expect(api.change('DELETE', '/instances/a', undefined, signal)).rejects.toMatchObject({
    kind: 'capacity',
    outcome: 'none',
  })
  await expect(api.change('POST', '/instances', {}, signal)).rejects.toMatchObject({
    kind: 'transient',
    outcome: 'unknown',
  })
})

test('a reply that is lost leaves a change unknown and a look without effect', async () => {
  const { api } = await serve((request) => request.socket.destroy())
  await expect(api.change('POST', '/instances', {}, signal)).rejects.toMatchObject({
    kind: 'transient',
    outcome: 'unknown',
  })
  await expect(api.get('/instances', z.unknown(), signal)).rejects.toMatchObject({ kind: 'transient', outcome: 'none' })
})

test('an answer that is no answer of Incus (a proxy in between) is transient, whatever its status', async () => {
  const { api } = await serve((_, response) => response.writeHead(502).end('<html>bad gateway</html>'))
  await expect(api.get('', z.unknown(), signal)).rejects.toMatchObject({ kind: 'transient', outcome: 'none' })
  await expect(api.change('PUT', '/x', {}, signal)).rejects.toMatchObject({ kind: 'transient', outcome: 'unknown' })
})

test('an aborted call ends at once, also while it waits for an operation', async () => {
  const { api } = await serve((request, response) => {
    if (request.method === 'POST') reply(response, 202, { type: 'async', operation: '/1.0/operations/o1' })
    else if (request.url?.includes('operations')) reply(response, 200, sync(operation('o1', 103)))
  })
  const late = new AbortController()
  const silent = api.get('/never-answered', z.unknown(), late.signal)
  const working = api.change('POST', '/instances', {}, late.signal)
  setTimeout(() => late.abort(new Error('lease lost')), 60)
  await expect(silent).rejects.toThrow('lease lost')
  await expect(working).rejects.toThrow('lease lost')
})

test('a connection that breaks while an operation runs leaves its effect unknown, though only a look was lost', async () => {
  const ways: Handler[] = [
    (request) => request.socket.destroy(),
    (_, response) => response.writeHead(502).end('<html>bad gateway</html>'),
    (_, response) => reply(response, 200, sync({ nonsense: true })),
    (_, response) => reply(response, 503, { type: 'error', error: 'Daemon is shutting down', error_code: 503 }),
    (_, response) => reply(response, 403, { type: 'error', error: 'not authorized', error_code: 403 }),
  ]
  for (const way of ways) {
    const { api } = await serve((request, response) => {
      if (request.method === 'GET') way(request, response)
      else reply(response, 202, { type: 'async', operation: '/1.0/operations/o1' })
    })
    const lost = { name: 'ProviderFault', kind: 'transient', outcome: 'unknown' }
    await expect(api.change('POST', '/instances', {}, signal)).rejects.toMatchObject(lost)
    const late = new AbortController()
    const aborted = api.change('POST', '/instances', {}, late.signal)
    late.abort(new Error('lease lost'))
    await expect(aborted).rejects.toMatchObject({ ...lost, message: expect.stringContaining('lease lost') })
  }
})

test("waiting for quiet sees the operations on this very instance only, in either server's words", async () => {
  let asked = 0
  const { api } = await serve((_, response) => {
    asked++
    const busy = asked < 3 ? 103 : 200
    const about = (resources: object, status: number) => ({ ...operation('o', status), resources })
    reply(
      response,
      200,
      sync({
        running: [
          about({ instances: ['/1.0/instances/other'] }, 103),
          about({ instances: ['/1.0/instances/mine?project=shop'] }, busy),
        ],
        success: [about({ containers: ['/1.0/containers/mine'] }, 200), about({}, 103)],
      }),
    )
  })
  await api.settled('mine', signal)
  expect(asked).toBe(3)
})
