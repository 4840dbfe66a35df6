import { expect, test } from 'vitest'
import { pretendServer } from '../../../test/cli/pretend-server.ts'
import { follow } from './events.ts'

const event = (id: number) => `id: ${id}\nevent: step.started\ndata: {"id":${id}}\n\n`

test('a broken stream is taken up after the last whole event, and none comes twice', async () => {
  const streams = [`${event(1)}${event(2)}id: 3\ndata: {"id"`, `:\n\n${event(3)}`, `${event(4)}`]
  await using server = await pretendServer((_, n) => ({ stream: streams[n - 1] ?? '' }))
  const seen: unknown[] = []
  for await (const { data } of follow({ url: server.url, token: '' }, '/v1/events', {
    signal: new AbortController().signal,
  })) {
    seen.push(data)
    if (seen.length === 4) break
  }
  expect(seen).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }])
  expect(server.asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2', '3'])
})

test('lines may end in CR LF, and data of several lines is one text', async () => {
  await using server = await pretendServer(() => ({ stream: 'id: 1\r\nevent: x\r\ndata: {\r\ndata: "a":1}\r\n\r\n' }))
  const events = follow({ url: server.url, token: '' }, '/v1/events', { signal: new AbortController().signal })
  expect((await events.next()).value).toEqual({ id: '1', kind: 'x', data: { a: 1 } })
  await events.return(undefined)
})

test('a refusal ends it, an abort ends it quietly', async () => {
  await using server = await pretendServer(() => ({
    status: 401,
    body: { code: 'unauthenticated', detail: 'No token.' },
  }))
  const events = follow({ url: server.url, token: '' }, '/v1/events', { signal: new AbortController().signal })
  await expect(events.next()).rejects.toMatchObject({ code: 'unauthenticated' })
  const aborted = follow({ url: server.url, token: '' }, '/v1/events', { signal: AbortSignal.abort() })
  expect(await aborted.next()).toEqual({ done: true, value: undefined })
})
