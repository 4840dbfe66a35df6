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

test('a dry run of waking says what would start, and who would be made anew where', async () => {
  const preview = await on.api('POST', `${at('wake')}?dryRun=true`)
  expect(preview.body).toEqual({ machines: ['machine-1@1', 'machine-0@1'], replaced: [], inTheWay: [] })
  expect((await get()).state).toBe('hibernated')
})

test('woken, also by the Gantry that comes after, it is ready with all its machines', async () => {
  await on.restart()
  expect((await get()).state).toBe('hibernated')
  const awake = await on.api('POST', at('wake'), undefined, { prefer: 'wait=60' })
  expect(awake.body, JSON.stringify(awake.body)).toMatchObject({ kind: 'platform.wake', state: 'done' })
  expect((await get()).state).toBe('ready')
  expect(running()).toBe(2)
  expect(await on.api('POST', `${at('wake')}?dryRun=true`)).toMatchObject({
    status: 409,
    body: { code: 'wrong_state' },
  })
  expect(await on.api('POST', at('wake'))).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
})

test('a schedule is set, shown with what comes next, refused with the field, and taken away', async () => {
  const set = { hibernate: '0 20 * * 1-5', wake: '0 7 * * 1-5', timeZone: 'Europe/Berlin' }
  const answer = await on.api('PUT', at('schedule'), set)
  expect(answer).toMatchObject({ status: 200, body: { ...set, pending: null, nextWake: expect.any(String) } })
  expect((await on.api('GET', at('schedule'))).body).toEqual(answer.body)
  const tag = answer.headers.get('etag') ?? ''
  const never = { hibernate: null, wake: null, timeZone: 'UTC' }
  expect(await on.api('PUT', at('schedule'), never, { 'if-match': '"0"' })).toMatchObject({ status: 412 })
  for (const [wrong, pointer] of [
    [{ ...set, wake: '0 0 30 2 *' }, '/wake'],
    [{ ...set, timeZone: 'Mars/Olympus' }, '/timeZone'],
  ] as const)
    expect(await on.api('PUT', at('schedule'), wrong)).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors: [{ pointer }] },
    })
  const cleared = await on.api('PUT', at('schedule'), never, { 'if-match': tag })
  expect(cleared.body).toMatchObject({ hibernate: null, nextHibernate: null })
})

test('a lease is set, renewed and ended; one that has passed is refused', async () => {
  const expiresAt = new Date(Date.now() + 30 * 86_400_000).toISOString()
  expect((await on.api('GET', at('lease'))).body).toMatchObject({ expiresAt: null, expired: false })
  const set = await on.api('PUT', at('lease'), { expiresAt })
  expect(set).toMatchObject({ status: 200, body: { expiresAt, graceSeconds: 259_200, expired: false } })
  expect(await on.api('PUT', at('lease'), { expiresAt: '2020-01-01T00:00:00Z' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/expiresAt' }] },
  })
  expect((await on.api('PUT', at('lease'), { expiresAt: null })).body.expiresAt).toBeNull()
  const { items } = (await on.api('GET', `/v1/events?platform=${platform}&limit=1000`)).body
  expect(items.filter(({ kind }: { kind: string }) => kind === 'lease.renewed')).toHaveLength(2)
})

test('a window says whether it is open and when that changes; without one it is always open', async () => {
  expect((await on.api('GET', at('maintenance-window'))).body).toMatchObject({ open: true, until: null })
  const wish = { opens: '0 2 * * 6', durationSeconds: 7200, timeZone: 'Europe/Berlin' }
  const set = await on.api('PUT', at('maintenance-window'), wish)
  expect(set).toMatchObject({ status: 200, body: { ...wish, open: expect.any(Boolean), until: expect.any(String) } })
  await on.api('PUT', at('maintenance-window'), { opens: null, timeZone: 'UTC' })
})

test('what is asked of one that hibernates or is paused is refused with what to do first', async () => {
  const change = { parameters: { count: 3 } }
  await on.api('POST', at('hibernate'), undefined, { prefer: 'wait=60' })
  for (const [method, path, body] of [
    ['PATCH', `/v1/platforms/${platform}`, change],
    ['POST', at('resume'), undefined],
  ] as const) {
    const refused = await on.api(method, path, body)
    expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
    expect(refused.body.next).toContain('gantry platform wake team-a')
  }
  await on.api('POST', at('wake'), undefined, { prefer: 'wait=60' })
  await on.api('POST', at('pause'))
  const refused = await on.api('PATCH', `/v1/platforms/${platform}`, change)
  expect(refused.body.next).toContain('gantry platform resume team-a')
  await on.api('POST', at('resume'), undefined, { prefer: 'wait=60' })
  const made = await on.api('PATCH', `/v1/platforms/${platform}`, change, { prefer: 'wait=60' })
  expect(made.body, JSON.stringify(made.body)).toMatchObject({ state: 'done' })
  expect(running()).toBe(3)
})
