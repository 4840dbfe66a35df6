import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld, rightPassword } from './support/memory-kind.ts'
import { providerWish } from './support/story.ts'

/** Scans come when a test asks for them: nothing here depends on who is first. */
const onlyWhenAsked = 3_600_000
let on: TestGantry
const world = quickWorld()
const keys = [{ name: 'backup', key: 'a-secret-inside-a-list' }]

beforeAll(async () => {
  on = await testGantry({ blueprints: null, world, scanEveryMs: onlyWhenAsked })
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

async function path(): Promise<string> {
  const { body } = await on.api('GET', '/v1/providers?name=dc1')
  return `/v1/providers/${body.items[0].id}`
}

test('the kinds say what they need and which fields are secret', async () => {
  const { body } = await on.api('GET', '/v1/provider-kinds')
  expect(body.items).toHaveLength(1)
  expect(body.items[0]).toMatchObject({
    kind: 'memory',
    simulated: true,
    config: { properties: { password: { secret: true } }, required: ['password'] },
  })
})

test('a provider is registered with what was seen of it: health, zones, capacity', async () => {
  const answer = await on.api('POST', '/v1/providers', { ...providerWish, config: { password: rightPassword, keys } })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  expect(answer.body).toMatchObject({ name: 'dc1', kind: 'memory', simulated: true, state: 'healthy', machines: 0 })
  expect(answer.body.health.version).toMatch(/\w/)
  expect(answer.body.capabilities.lookup).toBe('consistent')
  expect(answer.body.zones).toMatchObject([
    { name: 'zone-a', hosts: 2, hostsReady: 2, capacity: { cpu: 16 }, free: { cpu: 16 } },
    { name: 'zone-b', hosts: 1, hostsReady: 1, capacity: { cpu: 8 } },
  ])
  const hosts = await on.api('GET', '/v1/hosts?limit=2')
  expect(hosts.body.items.map((host: { name: string }) => host.name)).toEqual(['host-1', 'host-2'])
  const rest = await on.api('GET', `/v1/hosts?limit=2&cursor=${hosts.body.next}`)
  expect(rest.body).toMatchObject({ items: [{ name: 'host-3', providerName: 'dc1', zone: 'zone-b' }], next: null })
  expect((await on.api('GET', '/v1/zones')).body.items).toHaveLength(2)
  expect((await on.api('GET', '/v1/hosts?zone=zone-b')).body.items).toHaveLength(1)
})

test('its secrets are write-only: in no answer, and in no row but the vault', async () => {
  const { body } = await on.api('GET', await path())
  expect(body.config).toEqual({ password: { secret: true }, keys: [{ name: 'backup', key: { secret: true } }] })
  const { read } = on.gantry.rooms.store
  for (const table of ['providers', 'events', 'idempotency', 'secrets', 'data_keys'] as const) {
    const rows = JSON.stringify(await read.selectFrom(table).selectAll().execute())
    expect(rows, table).not.toContain(rightPassword)
    expect(rows, table).not.toContain(keys[0]?.key)
  }
  const events = await on.api('GET', '/v1/events')
  expect(JSON.stringify(events.body)).not.toContain(rightPassword)
})

test('images and where they can be had follow from the providers', async () => {
  const { body } = await on.api('GET', '/v1/images')
  expect(body.items).toMatchObject([
    { name: 'debian-12', providers: [{ providerName: 'dc1', ref: 'debian-12', user: 'root' }] },
  ])
  expect((await on.api('GET', '/v1/images/debian-12')).body).toMatchObject(body.items[0])
  expect((await on.api('GET', '/v1/images/debian-13')).status).toBe(404)
})

test('a change of secrets is tried first: a wrong one is refused and the old one stays in use', async () => {
  const refused = await on.api('PATCH', await path(), { config: { password: 'not-this-password' } })
  expect(refused).toMatchObject({ status: 409, body: { code: 'provider_denied' } })
  await on.gantry.care.scanNow()
  expect((await on.api('GET', await path())).body.state).toBe('healthy')
})

test('fields not named in a change stay, also the secret ones, and unchanged secrets get no new version', async () => {
  const versions = async () =>
    (await on.gantry.rooms.store.read.selectFrom('secrets').select(['id', 'version']).execute()).length
  const before = await versions()
  const answer = await on.api('PATCH', await path(), {
    config: { url: 'memory://up' },
    overcommit: { cpu: 2, memory: 1, disk: 1 },
    labels: { tier: 'gold' },
  })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  expect(answer.body.config).toMatchObject({ url: 'memory://up', password: { secret: true } })
  expect(answer.body.zones[0]).toMatchObject({ capacity: { cpu: 16 }, free: { cpu: 32 } })
  expect(await versions()).toBe(before)
  const removed = await on.api('PATCH', await path(), { config: { keys: null } })
  expect(removed.body.config).toEqual({ url: 'memory://up', password: { secret: true } })
})

test('a provider that goes away is shown unreachable with the reason, and healthy when it is back', async () => {
  world.faults.unreachable = true
  await on.gantry.care.scanNow()
  const away = await on.api('GET', await path())
  expect(away.body).toMatchObject({ state: 'unreachable', stateReason: expect.stringMatching(/\w/) })
  world.faults.unreachable = false
  await on.gantry.care.scanNow()
  expect((await on.api('GET', await path())).body.state).toBe('healthy')
  const { body } = await on.api('GET', '/v1/events?kind=provider.state')
  expect(body.items.map((event: { to: string }) => event.to)).toEqual(['unreachable', 'healthy'])
})

test('a forgotten provider takes its hosts and secrets along, and its name is free again', async () => {
  expect((await on.api('DELETE', await path())).status).toBe(204)
  expect((await on.api('GET', '/v1/hosts')).body.items).toEqual([])
  const rows = await on.gantry.rooms.store.read.selectFrom('secrets').select('ciphertext').execute()
  expect(rows.length).toBeGreaterThan(0)
  for (const row of rows) expect(row.ciphertext).toBe('')
  expect((await on.api('POST', '/v1/providers', providerWish)).status).toBe(201)
})
