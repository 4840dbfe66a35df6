// A host in maintenance: nothing new goes there, what is there moves elsewhere within the rules, and it is told when it
// is empty, or why it is not.

import { afterAll, expect, test } from 'vitest'
import type { WorldInput } from '../../providers/simulated/world/layout.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { endMaintenance, previewMaintenance, startMaintenance } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { setWindow } from '../../src/resources/terms/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

async function built(life: MemoryLife, parameters: { voters: number; workers: number }) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', parameters)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

async function begin(life: MemoryLife, gantry: Process, host: string): Promise<void> {
  const place = { provider: template.providerId, host }
  const because = { actor: 'admin', reason: 'new memory' }
  const { due } = await life.wait(gantry.store.write((tx) => startMaintenance(tx, gantry.seams, place, because)))
  for (const platform of due) gantry.engine.wake(platform)
}

/** As begin, with platforms moved in their windows only for `ms`. */
async function beginWithin(life: MemoryLife, gantry: Process, host: string, ms: number | null): Promise<void> {
  const place = { provider: template.providerId, host }
  const because = { actor: 'admin', reason: null, deadlineAt: ms === null ? null : gantry.seams.clock.now() + ms }
  const { due } = await life.wait(gantry.store.write((tx) => startMaintenance(tx, gantry.seams, place, because)))
  for (const platform of due) gantry.engine.wake(platform)
}

async function end(life: MemoryLife, gantry: Process, host: string): Promise<void> {
  const place = { provider: template.providerId, host }
  const { due } = await life.wait(gantry.store.write((tx) => endMaintenance(tx, gantry.seams, place, 'admin')))
  for (const platform of due) gantry.engine.wake(platform)
}

const on = (life: MemoryLife, host: string) => life.world.living().filter((machine) => machine.host === host)
const busiest = (life: MemoryLife): string => {
  const hosts = Map.groupBy(life.world.living(), ({ host }) => host)
  return [...hosts].sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? ''
}

async function moved(gantry: Process): Promise<string[]> {
  const rows = gantry.store.read.selectFrom('decisions').select('subject').where('reason', '=', 'maintenance')
  return (await rows.execute()).map((row) => row.subject)
}

async function problems(gantry: Process) {
  const rows = gantry.store.read.selectFrom('problems').select(['code', 'subject', 'detail'])
  return rows.where('resolved_at', 'is', null).orderBy('subject').execute()
}

async function told(gantry: Process): Promise<string[]> {
  const rows = gantry.store.read.selectFrom('events').select('data').where('kind', '=', 'host.maintenance')
  return (await rows.orderBy('seq').execute()).map((row) => JSON.parse(row.data).now)
}

const isEmpty = async (gantry: Process) => (await told(gantry)).includes('empty')

/** The most members of a group that were away at the same time, by its members' transitions. */
async function mostAway(gantry: Process, group: string): Promise<number> {
  const rows = gantry.store.read.selectFrom('events').select(['to_state', 'data']).where('kind', '=', 'member.state')
  let away = 0
  let most = 0
  for (const { to_state, data } of await rows.orderBy('seq').execute()) {
    if (!data.includes(`"${group}-`)) continue
    if (to_state === 'leaving') away += 1
    if (to_state === 'gone') away -= 1
    most = Math.max(most, away)
  }
  return most
}

test('a host is emptied: voters and workers move one at a time, the founder too, and it is told when nothing is left', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 3 })
  const founder = life.world.living().find(({ key }) => key.includes('/voter-0@'))?.host ?? ''
  const before = on(life, founder).length
  await begin(life, gantry, founder)
  await gantry.run(() => isEmpty(gantry))
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(on(life, founder)).toEqual([])
  expect(life.world.living()).toHaveLength(6)
  expect(await moved(gantry)).toHaveLength(before)
  expect(await moved(gantry)).toContain('voter-0@1')
  expect(await mostAway(gantry, 'voter')).toBe(1)
  expect(await mostAway(gantry, 'worker')).toBeLessThanOrEqual(1)
  expect(await told(gantry)).toEqual(['started', 'empty'])
  expect(life.remote.starts.filter(({ stepKey }) => stepKey === 'script/found')).toHaveLength(1)
  expect(await problems(gantry)).toEqual([])
})

test('nothing new is placed on it, also when it was the best place; afterwards it takes machines again', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  await begin(life, gantry, 'host-1')
  expect(await told(gantry)).toEqual(['started', 'empty'])
  const first = await gantry.ask('team-a', { voters: 1, workers: 3 })
  await gantry.run(async (store) => (await stateOf(store, first)) === 'ready')
  expect(on(life, 'host-1')).toEqual([])
  await end(life, gantry, 'host-1')
  const second = await gantry.ask('team-b', { voters: 1, workers: 3 })
  await gantry.run(async (store) => (await stateOf(store, second)) === 'ready')
  expect(on(life, 'host-1').length).toBeGreaterThan(0)
})

const planOf = (life: MemoryLife, gantry: Process, host: string) =>
  life.wait(previewMaintenance(gantry.store.read, gantry.blueprints, { provider: template.providerId, host }))

const gib = 2 ** 30
/** Two hosts, each with room for four machines of 2 CPUs. */
const narrow: WorldInput = {
  hosts: ['host-1', 'host-2'].map((name) => ({
    name,
    zone: 'zone-a',
    cpu: 8,
    memoryBytes: 64 * gib,
    diskBytes: 999 * gib,
  })),
}

test('without a place elsewhere a machine stays and says why; ending it brings the host back and closes the problem', async () => {
  await using life = openLife(template, { world: narrow })
  const gantry = await life.start()
  await life.wait(gantry.care.scanNow())
  const id = await gantry.ask('team-a', { voters: 1, workers: 6 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const host = 'host-2'
  // Told before: as many find a place as the other host has room for, and the others say what is missing.
  const there = on(life, host).length
  const [planned] = await planOf(life, gantry, host)
  expect(planned?.moves).toHaveLength(there)
  const seated = planned?.moves.flatMap(({ seat }) => seat ?? []) ?? []
  expect(seated.map((seat) => seat.host)).toEqual(Array(4 - on(life, 'host-1').length).fill('host-1'))
  for (const { seat, why } of planned?.moves ?? [])
    expect(seat === null ? why : 'found no host').toContain('found no host')
  await begin(life, gantry, host)
  await life.clock.advance(8 * 60_000)
  // Seven machines, room for four on the other host: some moved, the rest wait, and the platform works all the time.
  expect(await stateOf(gantry.store, id)).toBe('ready')
  expect(life.world.living()).toHaveLength(7)
  const left = on(life, host)
  expect(left.length).toBeGreaterThan(0)
  const open = await problems(gantry)
  expect(open.length).toBeGreaterThan(0)
  expect(open[0]?.detail).toMatch(/cannot be (replaced|moved)/)
  expect(await told(gantry)).toEqual(['started'])
  await end(life, gantry, host)
  await gantry.run(async () => (await problems(gantry)).length === 0)
  await life.clock.advance(5 * 60_000)
  expect(on(life, host)).toEqual(left)
  expect(await told(gantry)).toEqual(['started', 'ended'])
})

test('who is alone in its quorum is not moved: that would end the cluster, and it says so', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 1, workers: 0 })
  const host = busiest(life)
  expect(await planOf(life, gantry, host)).toMatchObject([
    { moves: [{ member: { ref: 'voter-0@1' }, seat: null, why: expect.stringContaining('no majority') }] },
  ])
  await begin(life, gantry, host)
  await life.clock.advance(10 * 60_000)
  expect(await moved(gantry)).toEqual([])
  expect(await problems(gantry)).toMatchObject([{ code: 'host_maintenance', subject: 'voter-0@1' }])
  expect(await stateOf(gantry.store, id)).toBe('ready')
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  await gantry.run(() => isEmpty(gantry))
})

test('a quorum that lacks a member is not touched before it is whole again', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 0 })
  const [host] = life.world.living().map((machine) => machine.host)
  const victim = life.world.living().find((machine) => machine.host !== host)
  if (!victim || host === undefined) throw new Error('all on one host')
  life.world.kill(victim, 'vanished')
  await life.wait(gantry.care.scanNow())
  await begin(life, gantry, host)
  await gantry.run(() => isEmpty(gantry))
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await mostAway(gantry, 'voter')).toBe(1)
  expect(on(life, host)).toEqual([])
})

test('of a platform that is held nobody is moved; once it is resumed, it goes on', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 1 })
  await setState(gantry, id, 'held')
  const host = busiest(life)
  const before = on(life, host).length
  await begin(life, gantry, host)
  await life.clock.advance(5 * 60_000)
  expect(on(life, host)).toHaveLength(before)
  await setState(gantry, id, 'ready')
  await gantry.run(() => isEmpty(gantry))
  expect(on(life, host)).toEqual([])
})

async function setState(gantry: Process, id: PlatformId, state: 'held' | 'ready'): Promise<void> {
  await gantry.store.write((tx) => tx.updateTable('platforms').set({ state }).where('id', '=', id).execute())
  gantry.engine.wake(id)
}

test('asking twice is asking once; a host that is not there is refused by name', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  await begin(life, gantry, 'host-1')
  await begin(life, gantry, 'host-1')
  expect(await gantry.store.read.selectFrom('maintenances').select('id').execute()).toHaveLength(1)
  await expect(begin(life, gantry, 'host-9')).rejects.toMatchObject({ code: 'not_found', next: /host-1, host-2/ })
  await expect(end(life, gantry, 'host-2')).rejects.toMatchObject({ code: 'wrong_state' })
})

const minute = 60_000

/** A window that opens in `ms` for an hour, once a day. */
async function windowIn(gantry: Process, id: PlatformId, ms: number): Promise<void> {
  const at = new Date(gantry.seams.clock.now() + ms)
  const opens = `${at.getUTCMinutes()} ${at.getUTCHours()} * * *`
  await gantry.request(id, (tx) => setWindow(tx, id, { opens, durationSeconds: 3600, timeZone: 'UTC' }))
}

test('with a deadline, who has a window is moved in it; who has none at once', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const [first, second] = [
    await gantry.ask('team-a', { voters: 1, workers: 2 }),
    await gantry.ask('team-b', { voters: 1, workers: 2 }),
  ]
  for (const id of [first, second]) await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await windowIn(gantry, first, 10 * minute)
  const host = life.world.living().find(({ key }) => key.includes(`${first}/worker-`))?.host ?? ''
  const of = (id: PlatformId) => on(life, host).filter(({ key }) => key.includes(`${id}/worker-`)).length
  const before = of(first)
  expect(before).toBeGreaterThan(0)
  await beginWithin(life, gantry, host, 600 * minute)
  await life.clock.advance(5 * minute)
  expect([of(first), of(second)]).toEqual([before, 0])
  await life.clock.advance(12 * minute)
  expect(of(first)).toBe(0)
})

test('when the deadline has passed, or is taken back, nobody waits for a window any more', async () => {
  for (const late of [true, false]) {
    await using life = openLife(template)
    const { gantry, id } = await built(life, { voters: 3, workers: 3 })
    await windowIn(gantry, id, 720 * minute)
    const host = busiest(life)
    const before = on(life, host).length
    await beginWithin(life, gantry, host, 10 * minute)
    await life.clock.advance(5 * minute)
    expect(on(life, host)).toHaveLength(before)
    if (late) await life.clock.advance(6 * minute)
    else await beginWithin(life, gantry, host, null)
    await gantry.run(() => isEmpty(gantry))
    expect(on(life, host)).toEqual([])
  }
})
