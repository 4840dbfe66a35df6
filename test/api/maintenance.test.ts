// A host in maintenance as its admin sees it: what is left, why, and when it is done.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
let platform: string
const world = quickWorld()
type Body = Awaited<ReturnType<TestGantry['api']>>['body']

beforeAll(async () => {
  on = await testGantry({ world, scanEveryMs: 3_600_000 })
  begun = await begin(on.api)
  const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 3 } }
  const task = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  platform = task.body.target.id
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const path = (host: string) => `/v1/providers/${begun.provider}/hosts/${host}/maintenance`
const hostOf = async (): Promise<string> =>
  (await on.api('GET', `/v1/machines?platform=${platform}&state=ready`)).body.items[0].host

async function emptied(host: string): Promise<Body> {
  return vi.waitFor(
    async () => {
      const { body } = await on.api('GET', path(host))
      if (body.state !== 'empty') throw new Error(JSON.stringify(body))
      return body
    },
    { timeout: 60_000, interval: 20 },
  )
}

test('a dry run says who would go where, and changes nothing', async () => {
  const host = await hostOf()
  const { status, body } = await on.api('POST', `${path(host)}?dryRun=true`, {})
  expect(status, JSON.stringify(body)).toBe(200)
  const there = (await on.api('GET', `/v1/machines?platform=${platform}&state=ready`)).body.items.filter(
    (one: Body) => one.host === host,
  )
  expect(body.machines.map((one: Body) => one.machine)).toEqual(there.map((one: Body) => one.id))
  for (const one of body.machines) {
    expect(one).toMatchObject({ platform, platformName: 'team-a', what: 'moves', providerName: 'dc1' })
    expect(one.onHost).not.toBe(host)
    expect(one.onHost).toMatch(/^host-/)
  }
  expect((await on.api('GET', path(host))).status).toBe(404)
  expect((await on.api('POST', `${path('host-99')}?dryRun=true`, {})).body).toMatchObject({ code: 'not_found' })
})

test('a host is emptied: what is left is shown with its reason, then nothing is, and the host says why it takes nobody', async () => {
  const host = await hostOf()
  const begunNow = await on.api('POST', path(host), { reason: 'new memory' })
  expect(begunNow, JSON.stringify(begunNow.body)).toMatchObject({
    status: 200,
    body: { host, state: 'emptying', reason: 'new memory', endedAt: null },
  })
  expect(begunNow.body.left[0]).toMatchObject({ platform, platformName: 'team-a', state: 'waiting' })
  expect(begunNow.body.left).toHaveLength(begunNow.body.machines)
  const done = await emptied(host)
  expect(done).toMatchObject({ left: [], machines: begunNow.body.machines })
  const machines = (await on.api('GET', `/v1/machines?platform=${platform}`)).body.items
  expect(machines.filter((one: Body) => one.goneAt === null && one.host === host)).toEqual([])
  const hosts = (await on.api('GET', '/v1/hosts')).body.items
  expect(hosts.find((one: Body) => one.name === host)).toMatchObject({ state: 'maintenance', inMaintenance: true })
  const provider = (await on.api('GET', `/v1/providers/${begun.provider}`)).body
  expect(provider.maintenance).toMatchObject([{ host, state: 'empty', reason: 'new memory', left: [] }])
  await on.gantry.care.scanNow()
  expect((await on.api('GET', path(host))).body.emptiedAt).not.toBeNull()
  const events = (await on.api('GET', '/v1/events?kind=host.maintenance')).body.items
  expect(events.map((event: Body) => event.data.now)).toEqual(['started', 'empty'])
})

test('ended, it takes machines again; ending it twice, and a host that is not there, are refused in words', async () => {
  const { body } = await on.api('GET', `/v1/providers/${begun.provider}`)
  const { host } = body.maintenance[0]
  expect(await on.api('DELETE', path(host))).toMatchObject({ status: 200, body: { state: 'ended', left: [] } })
  const hosts = (await on.api('GET', '/v1/hosts')).body.items
  expect(hosts.find((one: Body) => one.name === host)).toMatchObject({ state: 'ready', inMaintenance: false })
  expect(await on.api('DELETE', path(host))).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
  expect(await on.api('GET', path(host))).toMatchObject({ status: 200, body: { state: 'ended' } })
  const unknown = await on.api('POST', path('host-99'), {})
  expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found', next: expect.stringContaining('host-1') } })
  expect((await on.api('GET', path('host-99'))).status).toBe(404)
})

test('what is held stays and says who can let it go on', async () => {
  const host = await hostOf()
  await on.gantry.rooms.store.write((tx) =>
    tx.updateTable('platforms').set({ state: 'held' }).where('name', '=', 'team-a').execute(),
  )
  const { body } = await on.api('POST', path(host), {})
  expect(body.left[0]).toMatchObject({
    state: 'stuck',
    reason: expect.stringContaining('gantry platform resume team-a'),
  })
  const resumed = await on.api('POST', `/v1/platforms/${platform}/resume`, undefined, { prefer: 'wait=60' })
  expect(resumed.status).toBeLessThan(300)
  // Every scan has those that are still there decide again.
  await on.gantry.care.scanNow()
  await emptied(host)
})
