// Leaving a platform alone, and stopping its machines, by HTTP alone.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
let platform: string
const world = quickWorld()

beforeAll(async () => {
  on = await testGantry({ world, scanEveryMs: 100 })
  begun = await begin(on.api)
  const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 2 } }
  const made = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  platform = made.body.target.id
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const at = (what: string) => `/v1/platforms/${platform}/${what}`
const get = async () => (await on.api('GET', `/v1/platforms/${platform}`)).body
const running = () => world.living().filter(({ power }) => power === 'on').length

test('paused and resumed: an old ETag is refused, what it is and how to go on is said', async () => {
  expect(await on.api('POST', at('pause'), undefined, { 'if-match': '"0"' })).toMatchObject({ status: 412 })
  const paused = await on.api('POST', at('pause'))
  expect(paused).toMatchObject({ status: 200, body: { state: 'paused' } })
  expect(paused.headers.get('etag')).toMatch(/^"\d+"$/)
  expect((await on.api('POST', at('pause'))).body.state).toBe('paused')
  const explained = await on.api('GET', at('explain'))
  expect(explained.body.next[0]).toBe('Go on:  gantry platform resume team-a')
  expect(await on.api('POST', at('hibernate'))).toMatchObject({
    status: 409,
    body: { code: 'wrong_state', next: 'Go on first:  gantry platform resume team-a' },
  })
  const resumed = await on.api('POST', at('resume'), undefined, { prefer: 'wait=60' })
  expect(resumed.body).toMatchObject({ state: 'done' })
  expect((await get()).state).toBe('ready')
})

test('hibernated: first asked what would be done, then machines are stopped and the quota is kept', async () => {
  const before = await on.api('GET', `/v1/tickets/${begun.ticket}`)
  const preview = await on.api('POST', `${at('hibernate')}?dryRun=true`)
  expect(preview).toMatchObject({ status: 200 })
  expect(preview.body.machines).toHaveLength(2)
  expect((await get()).state).toBe('ready')

  const asleep = await on.api('POST', at('hibernate'), undefined, { prefer: 'wait=60' })
  expect(asleep.body, JSON.stringify(asleep.body)).toMatchObject({ kind: 'platform.hibernate', state: 'done' })
  expect(await get()).toMatchObject({ state: 'hibernated', problems: [], task: null })
  expect(running()).toBe(0)
  expect(world.living()).toHaveLength(2)
  expect((await on.api('GET', `/v1/tickets/${begun.ticket}`)).body.limits).toEqual(before.body.limits)
  expect((await on.api('POST', at('hibernate'))).body.id).toBe(asleep.body.id)
  expect(await on.api('POST', at('pause'))).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
  expect((await on.api('GET', at('explain'))).body.next).toEqual([
    'Start its machines again:  gantry platform wake team-a',
  ])
})

test('woken, also by the Gantry that comes after, it is ready with all its machines', async () => {
  await on.restart()
  expect((await get()).state).toBe('hibernated')
  const awake = await on.api('POST', at('wake'), undefined, { prefer: 'wait=60' })
  expect(awake.body, JSON.stringify(awake.body)).toMatchObject({ kind: 'platform.wake', state: 'done' })
  expect((await get()).state).toBe('ready')
  expect(running()).toBe(2)
  expect(await on.api('POST', at('wake'))).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
})
