// A person stops what they asked for, looks at it, and goes on: by HTTP alone.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
let platform: string
let task: string
const world = quickWorld()

beforeAll(async () => {
  on = await testGantry({ world, scanEveryMs: 100 })
  begun = await begin(on.api)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const stateOf = async () => (await on.api('GET', `/v1/platforms/${platform}`)).body.state

test('cancel ends the task, holds the platform and says how to go on; asked again with its key it answers the same', async () => {
  world.faults.unreachable = true
  const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 1 } }
  const asked = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  platform = asked.body.target.id
  task = asked.body.id
  await expect.poll(stateOf, { timeout: 5_000 }).toBe('building')

  const key = { 'idempotency-key': 'stop-it' }
  const answer = await on.api('POST', `/v1/tasks/${task}/cancel`, undefined, key)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  expect(answer.body).toMatchObject({ id: task, state: 'cancelled', endedAt: expect.any(String) })
  expect((await on.api('POST', `/v1/tasks/${task}/cancel`, undefined, key)).body.state).toBe('cancelled')
  expect(await on.api('POST', `/v1/tasks/${task}/cancel`)).toMatchObject({
    status: 409,
    body: { code: 'wrong_state', facts: { state: 'cancelled' } },
  })

  const shown = await on.api('GET', `/v1/platforms/${platform}`)
  expect(shown.body).toMatchObject({ state: 'held', stateReason: `task ${task} was cancelled`, task: null })
  const explained = await on.api('GET', `/v1/platforms/${platform}/explain`)
  expect(explained.body.next).toEqual([
    'Go on:  gantry platform resume team-a',
    'Or take it away:  gantry platform delete team-a',
  ])
  const history = await on.api('GET', `/v1/platforms/${platform}/history`)
  expect(history.body.items.at(-1)).toMatchObject({ to: 'held', cause: `task ${task} was cancelled` })
  expect(history.body.items.at(-1).actor).toMatch(/^tok_/)
})

test('a restart changes nothing of it: nothing is begun, though the provider is there again', async () => {
  world.faults.unreachable = false
  await on.restart()
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(await stateOf()).toBe('held')
  expect(world.living()).toEqual([])
})

test('resume minds the version it is told, goes on under a new task, and is possible from held alone', async () => {
  const at = `/v1/platforms/${platform}/resume`
  const stale = await on.api('POST', at, undefined, { 'if-match': '"1"' })
  expect(stale).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
  const { headers } = await on.api('GET', `/v1/platforms/${platform}`)
  const match = { 'if-match': headers.get('etag') ?? '', prefer: 'wait=20' }
  const answer = await on.api('POST', at, undefined, match)
  expect(answer.status, JSON.stringify(answer.body)).toBe(202)
  expect(answer.headers.get('location')).toBe(`/v1/tasks/${answer.body.id}`)
  expect(answer.body).toMatchObject({ kind: 'platform.resume', state: 'done', target: { generation: 1 } })
  expect(answer.body.id).not.toBe(task)
  expect(await stateOf()).toBe('ready')
  const again = await on.api('POST', at)
  expect(again).toMatchObject({ status: 409, body: { code: 'wrong_state', facts: { state: 'ready' } } })
  const retry = await on.api('POST', `/v1/platforms/${platform}/retry`)
  expect(retry).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
})

test('what is blocked is tried at once by retry, as explain says', async () => {
  world.faults.failBoots = 100
  const wish = { name: 'team-b', blueprint: 'machines', parameters: { count: 1 } }
  const asked = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  platform = asked.body.target.id
  await expect.poll(stateOf, { timeout: 20_000 }).toBe('blocked')
  const explained = await on.api('GET', `/v1/platforms/${platform}/explain`)
  expect(explained.body.next.at(-1)).toContain('gantry platform retry team-b')
  world.faults.failBoots = 0
  const answer = await on.api('POST', `/v1/platforms/${platform}/retry`, undefined, { prefer: 'wait=20' })
  expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ id: asked.body.id, state: 'done' })
  const events = await on.api('GET', `/v1/events?platform=${platform}&limit=1000`)
  const retried = events.body.items.find((event: { kind: string }) => event.kind === 'step.retried')
  expect(retried).toMatchObject({ cause: 'platform.retry' })
  expect(retried.actor).toMatch(/^tok_/)
})

test('a deletion is not cancelled, and says so', async () => {
  world.faults.unreachable = true
  const deletion = await on.api('DELETE', `/v1/platforms/${platform}`)
  const answer = await on.api('POST', `/v1/tasks/${deletion.body.id}/cancel`)
  expect(answer).toMatchObject({ status: 409, body: { code: 'not_cancellable' } })
  expect(answer.body.next).toContain('gantry explain team-b')
  world.faults.unreachable = false
  const waited = await on.api('GET', `/v1/tasks/${deletion.body.id}`, undefined, { prefer: 'wait=20' })
  expect(waited.body.state).toBe('done')
})
