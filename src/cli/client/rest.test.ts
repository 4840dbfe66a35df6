import { expect, test } from 'vitest'
import { pretendServer } from '../../../test/cli/pretend-server.ts'
import { fill, send, sendJson } from './rest.ts'

const token = 'gantry_token'
const busy = { status: 503, headers: { 'retry-after': '0' }, body: { code: 'overloaded', detail: 'Not now.' } }

test('a read is asked again when the server is busy or the connection breaks', async () => {
  await using server = await pretendServer((_, n) => [busy, { cut: true } as const][n - 1] ?? { body: { n } })
  const { body } = await sendJson({ url: server.url, token }, { verb: 'get', path: '/v1/version' })
  expect(body).toEqual({ n: 3 })
})

test('a POST is repeated under one Idempotency-Key, another POST has another', async () => {
  await using server = await pretendServer((_, n) => (n === 1 ? { cut: true } : { body: {} }))
  const request = { verb: 'post', path: '/v1/tenants', body: { name: 'a' } } as const
  await send({ url: server.url, token }, request)
  await send({ url: server.url, token }, request)
  const keys = server.asked.map(({ headers }) => headers['idempotency-key'])
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/)
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
})

test('a change with If-Match is sent once, whatever the answer', async () => {
  for (const answer of [busy, { cut: true } as const]) {
    await using server = await pretendServer(() => answer)
    await expect(send({ url: server.url, token }, { verb: 'patch', path: '/v1/x', body: {} })).rejects.toThrow()
    expect(server.asked).toHaveLength(1)
  }
})

test('a refusal carries code, detail, next and request id, and is not asked again', async () => {
  const problem = {
    code: 'quota_exceeded',
    detail: 'vm.count: 43 wanted',
    next: 'Ask for more.',
    requestId: 'req_7',
    status: 409,
  }
  await using server = await pretendServer(() => ({ status: 409, body: { title: 'Quota exceeded', ...problem } }))
  await expect(send({ url: server.url, token }, { verb: 'get', path: '/v1/x' })).rejects.toMatchObject(problem)
  expect(server.asked).toHaveLength(1)
  expect(server.asked[0]?.headers.authorization).toBe('Bearer gantry_token')
})

test('an answer that is no problem report says that this may be no Gantry', async () => {
  await using server = await pretendServer(() => ({ status: 404, headers: { 'content-type': 'text/html' } }))
  const call = send({ url: server.url, token }, { verb: 'get', path: '/v1/x' })
  await expect(call).rejects.toMatchObject({ code: 'not_gantry', status: 404, next: expect.stringContaining('URL') })
})

test('nobody listening is told at once, with what to do', async () => {
  const server = await pretendServer(() => undefined)
  await server[Symbol.asyncDispose]()
  let tries = 0
  const counted: typeof fetch = (...request) => {
    tries++
    return fetch(...request)
  }
  const call = send({ url: server.url, token, fetch: counted }, { verb: 'get', path: '/v1/x' })
  await expect(call).rejects.toMatchObject({
    code: 'server_unreachable',
    next: expect.stringContaining('gantry serve'),
  })
  expect(tries).toBe(1)
})

test('an aborted signal ends the call and its waiting with the reason of the signal', async () => {
  await using server = await pretendServer(() => ({ ...busy, headers: { 'retry-after': '9' } }))
  const reason = new Error('Ctrl-C')
  const stop = new AbortController()
  const call = send({ url: server.url, token, signal: stop.signal }, { verb: 'get', path: '/v1/x' })
  setTimeout(() => stop.abort(reason), 50)
  await expect(call).rejects.toSatisfy((error: Error) => error === reason || error.cause === reason)
})

test('names in a path are encoded, and a missing one is a bug', () => {
  expect(fill('/v1/blueprints/{blueprint}', { blueprint: 'swarm@1/2' })).toBe('/v1/blueprints/swarm%401%2F2')
  expect(() => fill('/v1/tenants/{tenant}', {})).toThrow('needs tenant')
})
