// Schedules and leases over days, by a clock that may be wrong.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import { startKeeper } from '../../src/resources/calendar/index.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { pause } from '../../src/resources/platforms/rest.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { setLease, setSchedule } from '../../src/resources/terms/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

const minute = 60_000
const hour = 60 * minute
const year = 365 * 24 * hour

/** A process with a keeper, whose clock of the wall may be ahead by `ahead.ms`. */
async function kept(life: MemoryLife, ahead = { ms: 0 }) {
  const gantry = await life.start()
  const { random, clock } = gantry.seams
  const seams: Seams = {
    random,
    clock: { now: () => clock.now() + ahead.ms, sleep: (ms, signal) => clock.sleep(ms, signal) },
  }
  const { store, blueprints, forming } = gantry
  const wake = (id: PlatformId) => gantry.engine.wake(id)
  const log = (message: string, facts: object) => {
    throw new Error(`${message}: ${JSON.stringify(facts)}`)
  }
  startKeeper({ store, seams, blueprints, forming, wake, log })
  return gantry
}

async function built(gantry: Process): Promise<PlatformId> {
  const id = await gantry.ask('team-a', { voters: 1, workers: 0 })
  await is(gantry, id, 'ready')
  return id
}

const is = (gantry: Process, id: PlatformId, state: string) =>
  gantry.run(async (store) => (await stateOf(store, id)) === state)

/** Once a day, in UTC, at the minute of that moment. */
const daily = (at: number) => `${new Date(at).getUTCMinutes()} ${new Date(at).getUTCHours()} * * *`

async function scheduled(gantry: Process, id: PlatformId, hibernate: number, wake: number): Promise<void> {
  const wish = { hibernate: daily(hibernate), wake: daily(wake), timeZone: 'UTC' }
  await gantry.request(id, (tx) => setSchedule(tx, id, wish, gantry.seams.clock.now()))
}

async function leased(gantry: Process, id: PlatformId, ms: number, graceSeconds = 180): Promise<void> {
  const expiresAt = new Date(gantry.seams.clock.now() + ms).toISOString()
  await gantry.request(id, async (tx, scope) =>
    setLease(tx, gantry.seams, scope.actor, await getPlatform(tx, scope, id), { expiresAt, graceSeconds }),
  )
}

async function told(gantry: Process, like: string): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('events')
    .select(['kind', 'data'])
    .where('kind', 'like', like)
    .orderBy('seq')
    .execute()
  return rows.map(({ kind, data }) => {
    const { action } = JSON.parse(data)
    return action === undefined ? kind : `${kind} ${action}`
  })
}

const problems = async (gantry: Process) =>
  (await gantry.store.read.selectFrom('problems').select('code').where('resolved_at', 'is', null).execute()).map(
    ({ code }) => code,
  )

test('it hibernates and wakes by the clock, each once', async () => {
  await using life = openLife(template)
  const gantry = await kept(life)
  const id = await built(gantry)
  const now = gantry.seams.clock.now()
  await scheduled(gantry, id, now + 3 * minute, now + 6 * minute)
  await life.clock.advance(minute)
  expect(await stateOf(gantry.store, id)).toBe('ready')
  await life.clock.advance(4 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  await life.clock.advance(3 * minute)
  expect(await stateOf(gantry.store, id)).toBe('ready')
  expect(await told(gantry, 'schedule.%')).toEqual(['schedule.due hibernate', 'schedule.due wake'])
})

test('of what was due while no Gantry ran, only the last is done, once', async () => {
  await using life = openLife(template)
  const before = await kept(life)
  const id = await built(before)
  const now = before.seams.clock.now()
  await scheduled(before, id, now + 5 * minute, now + 3 * minute)
  await before.kill()
  await life.clock.advance(7 * minute)
  const gantry = await kept(life)
  await is(gantry, id, 'hibernated')
  await life.clock.advance(2 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  expect(await told(gantry, 'schedule.%')).toEqual(['schedule.due hibernate'])
})

test('what a platform is in no state for is done as soon as it is; a clock set back silences nothing', async () => {
  await using life = openLife(template)
  const ahead = { ms: year }
  const gantry = await kept(life, ahead)
  const id = await built(gantry)
  await gantry.request(id, async (tx, scope) => pause(gantry, tx, scope, await getPlatform(tx, scope, id)))
  const now = gantry.seams.clock.now()
  await scheduled(gantry, id, now + 4 * minute, now - 30 * minute)
  await life.clock.advance(minute)
  ahead.ms = 0
  await life.clock.advance(5 * minute)
  expect(await stateOf(gantry.store, id)).toBe('paused')
  expect((await gantry.store.read.selectFrom('schedules').select('pending').execute()).at(0)?.pending).toBe('hibernate')
  await gantry.request(id, async (tx, scope) => goOn(gantry, tx, scope, await getPlatform(tx, scope, id)))
  await is(gantry, id, 'hibernated')
})

test('a lease reminds, then stops the machines, and after its grace deletes all', async () => {
  await using life = openLife(template)
  const ahead = { ms: 0 }
  const gantry = await kept(life, ahead)
  const id = await built(gantry)
  await leased(gantry, id, 90 * minute)
  ahead.ms = 60 * minute
  await life.clock.advance(2 * minute)
  expect(await told(gantry, 'lease.%')).toEqual(['lease.renewed', 'lease.reminder'])
  expect(await stateOf(gantry.store, id)).toBe('ready')
  ahead.ms = 90 * minute
  await is(gantry, id, 'hibernated')
  await life.clock.advance(2 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  await is(gantry, id, 'deleted')
  expect(life.world.living()).toEqual([])
  expect(await told(gantry, 'lease.%')).toEqual([
    ...['lease.renewed', 'lease.reminder', 'lease.expired', 'lease.ended'],
  ])
})

test('a clock that is a year ahead stops machines and deletes nothing; set right, the lease goes on', async () => {
  await using life = openLife(template)
  const ahead = { ms: 0 }
  const gantry = await kept(life, ahead)
  const id = await built(gantry)
  await leased(gantry, id, 10 * hour)
  ahead.ms = year
  await is(gantry, id, 'hibernated')
  await life.clock.advance(2 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  ahead.ms = 0
  await life.clock.advance(4 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  expect(await told(gantry, 'lease.%')).toEqual(['lease.renewed', 'lease.expired'])
  const lease = await gantry.store.read.selectFrom('leases').selectAll().executeTakeFirstOrThrow()
  expect(lease).toMatchObject({ expired_at: null, hibernated: 0, watched: null })
})

test('the time in which no Gantry ran is no part of the grace', async () => {
  await using life = openLife(template)
  const before = await kept(life)
  const id = await built(before)
  await leased(before, id, minute)
  await is(before, id, 'hibernated')
  await before.kill()
  await life.clock.advance(24 * hour)
  const gantry = await kept(life)
  await life.clock.advance(2 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  await is(gantry, id, 'deleted')
})

test('a protected platform outlives its lease and says so, until the lease is renewed', async () => {
  await using life = openLife(template)
  const gantry = await kept(life)
  const id = await built(gantry)
  const protect = (flag: 0 | 1) =>
    gantry.request(id, (tx) =>
      tx.updateTable('platforms').set({ deletion_protection: flag }).where('id', '=', id).execute(),
    )
  await protect(1)
  await leased(gantry, id, minute)
  await life.clock.advance(6 * minute)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  expect(await problems(gantry)).toEqual(['lease_expired'])
  await leased(gantry, id, minute)
  expect(await problems(gantry)).toEqual([])
  await life.clock.advance(6 * minute)
  expect(await problems(gantry)).toEqual(['lease_expired'])
  await protect(0)
  await is(gantry, id, 'deleted')
})
