// A provider whose address leads to another server. Nothing there is ours, and nothing may follow from that.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld, upUrl } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

/** Scans come when a test asks for them: nothing here depends on who is first. */
const onlyWhenAsked = 3_600_000
const otherUrl = 'memory://other'
const known = 'server-a'
const other = { world: quickWorld({ seed: 2 }), identity: 'server-b' }

let on: TestGantry
let begun: Begun
let platform: string

beforeAll(async () => {
  on = await testGantry({ scanEveryMs: onlyWhenAsked })
  on.servers.set(otherUrl, other)
  begun = await begin(on.api)
  const wish = { name: 'team-a', blueprint: 'machines', parameters: {} }
  const made = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  expect(made.body, JSON.stringify(on.logged)).toMatchObject({ state: 'done' })
  platform = made.body.target.id
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const patch = (body: object) => on.api('PATCH', `/v1/providers/${begun.provider}`, body)
const provider = async () => (await on.api('GET', `/v1/providers/${begun.provider}`)).body
const lead = (identity: string, world = on.world) => on.servers.set(upUrl, { world, identity })

async function unharmed(): Promise<void> {
  const { body } = await on.api('GET', `/v1/machines?platform=${platform}`)
  expect(body.items.length).toBe(on.world.living().length)
  for (const machine of body.items) expect(machine).toMatchObject({ state: 'ready', incarnation: 1 })
  expect((await on.api('GET', `/v1/platforms/${platform}`)).body.state).toBe('ready')
  expect(other.world.living()).toEqual([])
}

test('a provider shows who its server is', async () => {
  expect(await provider()).toMatchObject({ identity: known, state: 'healthy' })
})

test('a change that leads to another server is refused while machines are there, and says what to do', async () => {
  const refused = await patch({ config: { url: otherUrl } })
  expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', facts: { known, answers: 'server-b' } } })
  expect(refused.body.next).toMatch(/provider of its own.*acceptIdentity server-b/)
  expect((await provider()).config.url).toBeUndefined()
  await on.gantry.care.scanNow()
  await unharmed()
})

test('another server behind the same address makes the provider denied with the reason, and no machine dead', async () => {
  lead('server-b', other.world)
  await on.gantry.care.scanNow()
  expect(await provider()).toMatchObject({
    state: 'denied',
    stateReason: expect.stringMatching(/another server answers .*server-b, and not server-a/),
  })
  await unharmed()
  await on.restart()
  await on.gantry.care.scanNow()
  expect((await provider()).state).toBe('denied')
  await unharmed()
  lead(known)
  await on.gantry.care.scanNow()
  expect(await provider()).toMatchObject({ state: 'healthy', stateReason: null })
  await unharmed()
})

test('a deletion waits for the right server, and its receipt is true', async () => {
  const wish = { name: 'team-b', blueprint: 'machines', parameters: {} }
  const made = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  expect(made.body.state).toBe('done')
  const before = on.world.living().length
  lead('server-b', other.world)
  const deleted = await on.api('DELETE', `/v1/platforms/${made.body.target.id}`, undefined, { prefer: 'wait=2' })
  expect(deleted.body.state).not.toBe('done')
  expect(on.world.living()).toHaveLength(before)
  const rows = await on.gantry.rooms.store.read.selectFrom('receipt_objects').selectAll().execute()
  expect(rows).toEqual([])
  await on.gantry.care.scanNow()
  lead(known)
  await on.gantry.care.scanNow()
  await expect
    .poll(async () => (await on.api('GET', `/v1/tasks/${deleted.body.id}`)).body.state, { timeout: 20_000 })
    .toBe('done')
  await unharmed()
})

test('a renewed certificate is accepted by name, with an event; a wrong name is not', async () => {
  lead('server-a-renewed')
  await on.gantry.care.scanNow()
  expect((await provider()).state).toBe('denied')
  expect(await patch({ acceptIdentity: 'server-x' })).toMatchObject({ status: 409, body: { code: 'conflict' } })
  const accepted = await patch({ acceptIdentity: 'server-a-renewed' })
  expect(accepted).toMatchObject({ status: 200, body: { identity: 'server-a-renewed', state: 'healthy' } })
  await on.gantry.care.scanNow()
  expect((await provider()).state).toBe('healthy')
  await unharmed()
  const { body } = await on.api('GET', '/v1/events?kind=provider.changed')
  expect(JSON.stringify(body.items)).toContain('"identity":{"from":"server-a","to":"server-a-renewed"}')
})

test('a provider of an older database takes the identity it sees, once', async () => {
  const { store } = on.gantry.rooms
  const { facts } = await store.read.selectFrom('providers').select('facts').executeTakeFirstOrThrow()
  const { identity: _, ...old } = JSON.parse(facts)
  await store.write((tx) =>
    tx
      .updateTable('providers')
      .set({ facts: JSON.stringify(old) })
      .execute(),
  )
  expect((await provider()).identity).toBeNull()
  await on.restart()
  await on.gantry.care.scanNow()
  expect(await provider()).toMatchObject({ identity: 'server-a-renewed', state: 'healthy', health: old.health })
  expect((await on.api('GET', '/v1/events?kind=provider.probed')).body.items).toHaveLength(1)
})

test('without machines a provider may lead anywhere', async () => {
  await on.api('DELETE', `/v1/platforms/${platform}`, undefined, { prefer: 'wait=60' })
  expect(on.world.living()).toEqual([])
  const moved = await patch({ config: { url: otherUrl } })
  expect(moved).toMatchObject({ status: 200, body: { identity: 'server-b', state: 'healthy' } })
})
