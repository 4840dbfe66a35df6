import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'

let on: TestGantry
beforeAll(async () => {
  on = await testGantry({ blueprints: null })
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

test('an unknown path is 404 and a wrong method 405 that names the right ones, as problems', async () => {
  const unknown = await on.api('GET', '/v1/tenant')
  expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } })
  const wrong = await on.api('PUT', '/v1/tenants')
  expect(wrong).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
  expect(wrong.headers.get('allow')).toBe('GET, HEAD, POST')
})

test('a body must be JSON, in UTF-8, of a bearable size', async () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, type: string) =>
    on.api.raw('/v1/tenants', { method: 'POST', body, headers: { 'content-type': type } })
  expect((await post('{"name":"a"}', 'text/plain')).status).toBe(415)
  expect((await post('{"name":"a"}', 'application/json; charset=latin1')).status).toBe(415)
  expect((await post('{"name":', 'application/json')).status).toBe(422)
  expect((await post('', 'application/json')).status).toBe(422)
  expect((await post(Uint8Array.from([0x22, 0xff, 0x22]), 'application/json')).status).toBe(422)
  const large = await post(JSON.stringify({ name: 'x'.repeat(1_100_000) }), 'application/json')
  expect(large.status).toBe(413)
  expect(await large.json()).toMatchObject({ code: 'payload_too_large', facts: { maxBytes: 1_048_576 } })
  expect((await on.api('GET', '/v1/tenants')).body.items).toEqual([])
})

test('a body that is too large is refused though nobody said how large it is', async () => {
  const body = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(65_536).fill(0x20))
    },
  })
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
    duplex: 'half',
  }
  expect((await on.api.raw('/v1/tenants', init)).status).toBe(413)
})

test('the same key and request are done once and answered alike, also when they come at once', async () => {
  const key = { 'idempotency-key': 'e3b0c442' }
  const wish = { name: 'once' }
  const answers = await Promise.all([1, 2, 3, 4].map(() => on.api('POST', '/v1/tenants', wish, key)))
  const late = await on.api('POST', '/v1/tenants', wish, key)
  for (const answer of [...answers, late]) {
    expect(answer).toMatchObject({ status: 201, body: answers[0]?.body })
    expect(answer.headers.get('location')).toBe(`/v1/tenants/${late.body.id}`)
    expect(answer.headers.get('etag')).toBe('"1"')
  }
  expect((await on.api('GET', '/v1/tenants?name=once')).body.items).toHaveLength(1)
  const other = await on.api('POST', '/v1/tenants', { name: 'twice' }, key)
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } })
  expect((await on.api('GET', '/v1/tenants?name=twice')).body.items).toHaveLength(0)
  expect((await on.api('POST', '/v1/tenants', wish, { 'idempotency-key': 'a b' })).status).toBe(422)
})

test('an idempotency key is remembered over a restart', async () => {
  const key = { 'idempotency-key': 'over-a-restart' }
  const first = await on.api('POST', '/v1/tenants', { name: 'kept' }, key)
  await on.restart()
  expect(await on.api('POST', '/v1/tenants', { name: 'kept' }, key)).toMatchObject({ status: 201, body: first.body })
})

test('a refused request leaves its key free for another try', async () => {
  const key = { 'idempotency-key': 'refused-first' }
  expect((await on.api('POST', '/v1/tenants', { name: 'once' }, key)).status).toBe(409)
  expect((await on.api('POST', '/v1/tenants', { name: 'now-it-goes' }, key)).status).toBe(201)
})

test('pages follow each other without loss or repeat, in every order', async () => {
  for (let n = 0; n < 7; n++) await on.api('POST', '/v1/tenants', { name: `page-${6 - n}`, labels: { set: 'pages' } })
  for (const sort of ['createdAt', '-createdAt', 'name', '-name']) {
    const names: string[] = []
    let path = `/v1/tenants?limit=3&label=set%3Dpages&sort=${sort}`
    for (;;) {
      const { body } = await on.api('GET', path)
      names.push(...body.items.map((item: { name: string }) => item.name))
      if (body.next === null) break
      path = `/v1/tenants?limit=3&label=set%3Dpages&sort=${sort}&cursor=${body.next}`
    }
    const rising = [0, 1, 2, 3, 4, 5, 6].map((n) => `page-${n}`)
    expect(names, sort).toEqual(sort === 'name' || sort === '-createdAt' ? rising : rising.reverse())
  }
})

test('a label filter matches whole pairs and is not fooled by what labels hold', async () => {
  await on.api('POST', '/v1/tenants', { name: 'tricky', labels: { note: '"team":"x"', team: 'xy', 'a.b/c': '%' } })
  const found = async (label: string) =>
    (await on.api('GET', `/v1/tenants?label=${encodeURIComponent(label)}`)).body.items.length
  expect(await found('team=x')).toBe(0)
  expect(await found('team=xy')).toBe(1)
  expect(await found('team=XY')).toBe(0)
  expect(await found('team=xy,a.b/c=%')).toBe(1)
  expect(await found('team=xy,a.b/c=_')).toBe(0)
  expect((await on.api('GET', '/v1/tenants?label=team')).status).toBe(422)
})

test('a change is refused when the reader has read another version', async () => {
  const { body, headers } = await on.api('POST', '/v1/tenants', { name: 'versions' })
  const path = `/v1/tenants/${body.id}`
  const match = { 'if-match': headers.get('etag') ?? '' }
  const changed = await on.api('PATCH', path, { labels: { a: 'b' } }, match)
  expect(changed).toMatchObject({ status: 200, body: { labels: { a: 'b' }, name: 'versions' } })
  expect(changed.headers.get('etag')).toBe('"2"')
  expect(await on.api('DELETE', path, undefined, match)).toMatchObject({
    status: 412,
    body: { facts: { etag: '"2"' } },
  })
  expect((await on.api('DELETE', path, undefined, { 'if-match': '"1", "2"' })).status).toBe(204)
})

test('what breaks inside is a 500 that tells the caller a request id and the log the cause', async () => {
  const { store } = on.gantry.rooms
  const before = store.read.selectFrom
  Object.assign(store.read, {
    selectFrom: () => {
      throw new Error('disk on fire')
    },
  })
  const answer = await on.api('GET', '/v1/tenants').finally(() => Object.assign(store.read, { selectFrom: before }))
  expect(answer).toMatchObject({ status: 500, body: { code: 'internal' } })
  expect(JSON.stringify(answer.body)).not.toContain('fire')
  expect(on.logged.find((line) => line.includes('disk on fire'))).toContain(answer.body.requestId)
})

test('closing answers what waits with what is known, and refuses nothing it has accepted', async () => {
  const local = await testGantry({ blueprints: null })
  const { store } = local.gantry.rooms
  const { onCommit } = store
  let following = 0
  Object.assign(store, {
    onCommit: (listener: Parameters<typeof onCommit>[0]) => {
      following++
      return onCommit(listener)
    },
  })
  const waiting = local.api('GET', '/v1/events?after=1000', undefined, { prefer: 'wait=30' })
  const streaming = await local.api.raw('/v1/events', { headers: { accept: 'text/event-stream' } })
  await expect.poll(() => following).toBe(2)
  const started = Date.now()
  const closed = local[Symbol.asyncDispose]()
  expect((await waiting).status).toBe(200)
  expect(await streaming.text()).toContain(':')
  await closed
  expect(Date.now() - started).toBeLessThan(5_000)
})
