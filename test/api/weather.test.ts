// The weather of a provider as people see it: figures, the breaker, and whom it keeps waiting.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
const world = quickWorld()
const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 3 } }

beforeAll(async () => {
  on = await testGantry({ world, scanEveryMs: 3_600_000 })
  begun = await begin(on.api)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const weather = async () => (await on.api('GET', `/v1/providers/${begun.provider}/weather`)).body
type Body = Awaited<ReturnType<TestGantry['api']>>['body']

async function seen(path: string, holds: (body: Body) => boolean): Promise<Body> {
  return vi.waitFor(
    async () => {
      const { body } = await on.api('GET', path)
      if (!holds(body)) throw new Error(JSON.stringify(body))
      return body
    },
    { timeout: 60_000, interval: 20 },
  )
}

test('before it was spoken to there is no weather; after a scan there are figures, also where the provider is shown', async () => {
  expect(await weather()).toMatchObject({ name: 'dc1', now: null, byCall: [], waiting: { steps: 0, platforms: [] } })
  await on.gantry.care.scanNow()
  const body = await weather()
  expect(body.now).toMatchObject({ reason: null, errorRate: 0, breaker: { state: 'closed', reason: null, refused: 0 } })
  expect(body.byCall.find((one: Body) => one.call === 'look').calls).toBeGreaterThan(0)
  const { body: shown } = await on.api('GET', `/v1/providers/${begun.provider}`)
  expect(shown.weather).toMatchObject({ reason: null, breaker: { state: 'closed' }, rateLimit: null })
})

test('when it does not answer the breaker opens: explain and weather name who waits, and nothing is blocked', async () => {
  world.faults.unreachable = true
  const task = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  const platform = task.body.target.id
  await on.gantry.care.scanNow()
  const open = await seen(`/v1/providers/${begun.provider}/weather`, (body) => body.waiting.platforms[0]?.steps === 3)
  expect(open.waiting.platforms[0]).toMatchObject({ platform, name: 'team-a', reason: expect.stringMatching(/\w/) })
  await seen(`/v1/providers/${begun.provider}/weather`, (body) => body.now.breaker.state === 'open')
  const told = await seen(`/v1/platforms/${platform}/explain`, (body) => body.weather.length > 0)
  expect(told.weather[0]).toMatchObject({ provider: begun.provider, name: 'dc1' })
  expect(told.weather[0].reason).toMatch(/^provider dc1 has not answered since/)
  expect(told.next[0]).toMatch(/^It waits for the weather: .*gantry provider weather dc1$/)
  const held = await seen(`/v1/platforms/${platform}/explain`, (body) =>
    body.waiting.some((step: Body) => step.reason?.startsWith('provider dc1 has not answered since')),
  )
  expect(held.state).toBe('building')
  world.faults.unreachable = false
  // The steps that wait probe it themselves: no scan is needed.
  await seen(`/v1/platforms/${platform}`, (body) => body.state === 'ready')
  expect(await weather()).toMatchObject({ now: { breaker: { state: 'closed' } }, waiting: { steps: 0 } })
  expect(world.living()).toHaveLength(3)
}, 60_000)

test('a rate limit is set and taken away, and calls keep to it from then on', async () => {
  const path = `/v1/providers/${begun.provider}`
  const rateLimit = { perSecond: 50, burst: 5 }
  expect((await on.api('PATCH', path, { rateLimit })).body).toMatchObject({ rateLimit })
  await on.gantry.care.scanNow()
  expect((await weather()).now).toMatchObject({ rateLimit })
  const bad = await on.api('PATCH', path, { rateLimit: { perSecond: 0, burst: 1 } })
  expect(bad).toMatchObject({ status: 422, body: { errors: [{ pointer: '/rateLimit/perSecond' }] } })
  expect((await on.api('PATCH', path, { rateLimit: null })).body.rateLimit).toBeNull()
})
