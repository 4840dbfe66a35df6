// A host or a zone that dies is one problem of each platform that has machines there, and names them; who looks after the
// provider is told once. It ends when they are made anew elsewhere, or when it is back; who is down there still is told then.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

const threeHosts = {
  world: { hosts: ['a', 'a', 'b'].map((zone, index) => ({ name: `host-${index + 1}`, zone: `zone-${zone}` })) },
}

/** Platforms with this many machines each, spread over three hosts in two zones: host-1 and host-2 are zone-a. */
async function built(life: MemoryLife, counts: readonly number[]) {
  const gantry = await life.start()
  const ids: PlatformId[] = []
  for (const [index, count] of counts.entries()) {
    const id = await gantry.ask(`team-${index}`, { count })
    await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
    ids.push(id)
  }
  await life.clock.advance(30_000)
  return { gantry, ids }
}

const on = (life: MemoryLife, host: string) => life.world.living().filter((machine) => machine.host === host)
const refOf = ({ key }: { key: unknown }) => String(key).split('/').at(-1) ?? ''

/** The host goes down as a whole: its provider says so, or only shows its machines as failed. */
function kill(life: MemoryLife, name: string, how: 'told' | 'untold') {
  const dead = on(life, name)
  const host = life.world.hosts.find((one) => one.name === name)
  if (how === 'told') Object.assign(host ?? {}, { state: 'unreachable' })
  for (const machine of dead) life.world.kill(machine, 'failed')
  return dead
}

/** Without what is on it, which is off. */
function reviveAlone(life: MemoryLife, name: string) {
  const host = life.world.hosts.find((one) => one.name === name)
  Object.assign(host ?? {}, { state: 'ready' })
}

function revive(life: MemoryLife, name: string) {
  reviveAlone(life, name)
  for (const machine of on(life, name)) machine.health = 'good'
}

const problems = (gantry: Process) =>
  gantry.store.read.selectFrom('problems').selectAll().orderBy('since').orderBy('id').execute()
const codes = async (gantry: Process) => (await open(gantry)).map(({ code, subject }) => `${code} ${subject}`).sort()
const open = async (gantry: Process) => (await problems(gantry)).filter((row) => row.resolved_at === null)
async function carried(gantry: Process, problem: string | undefined) {
  const rows = await gantry.store.read
    .selectFrom('problem_machines')
    .select('member')
    .where('problem_id', '=', problem ?? '')
    .orderBy('member')
    .execute()
  return rows.map(({ member }) => member)
}
async function hostEvents(gantry: Process) {
  const rows = await gantry.store.read
    .selectFrom('events')
    .select(['subject_kind', 'data'])
    .where('kind', '=', 'host.problem')
    .orderBy('seq')
    .execute()
  return rows.map(({ subject_kind, data }) => {
    const { name, now } = JSON.parse(data)
    return `${subject_kind} ${name} ${now}`
  })
}
async function pause(gantry: Process, id: PlatformId) {
  await gantry.store.write((tx) => tx.updateTable('platforms').set({ state: 'paused' }).where('id', '=', id).execute())
}

/** The one that is open; the platform is paused no more. */
async function ignore(gantry: Process, id: PlatformId) {
  const [problem] = await open(gantry)
  if (!problem) throw new Error('one is open')
  await gantry.request(id, async (tx) => {
    const row = await tx.selectFrom('platforms').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const place = { id, tenantId: row.tenant_id, projectId: row.project_id }
    await resolveByPerson(tx, gantry.seams, place, problem, 'ignore', 'user:ann')
    await tx.updateTable('platforms').set({ state: 'degraded' }).where('id', '=', id).execute()
  })
}

test('a dead host is one problem of each platform there, with its machines, and ends when they are made anew', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [4, 2])
  const dead = kill(life, 'host-1', 'told')
  expect(dead.length).toBeGreaterThan(1)
  const platformsThere = new Set(dead.map(({ key }) => String(key).split('/').at(-2)))
  await gantry.run(async () => (await problems(gantry)).length > 0)
  const told = await problems(gantry)
  expect(told.map(({ code, subject }) => `${code} ${subject}`)).toEqual(
    [...platformsThere].map(() => 'host_dead host-1'),
  )
  const members = (await Promise.all(told.map(({ id }) => carried(gantry, id)))).flat()
  expect(members.sort()).toEqual(dead.map(refOf).sort())
  expect(told[0]?.detail).toContain('its provider calls it unreachable')
  await gantry.run(
    async (store) =>
      (await open(gantry)).length === 0 &&
      (await stateOf(store, ids[0] as PlatformId)) === 'ready' &&
      (await stateOf(store, ids[1] as PlatformId)) === 'ready',
  )
  expect(
    (await problems(gantry)).every(({ code, resolution }) => code === 'host_dead' && resolution === 'recreate'),
  ).toBe(true)
  expect(await hostEvents(gantry)).toEqual(['host host-1 opened', 'host host-1 resolved'])
})

test('a host whose machines all failed at once is dead though its provider calls it ready; one of two is a machine alone', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [6])
  await pause(gantry, ids[0] as PlatformId)
  const [alone] = on(life, 'host-2')
  if (!alone) throw new Error('nobody on host-2')
  life.world.kill(alone, 'failed')
  const dead = kill(life, 'host-1', 'untold')
  expect(dead).toHaveLength(2)
  await gantry.run(async () => (await open(gantry)).length === 2)
  const told = await open(gantry)
  expect(told.map(({ code, subject }) => `${code} ${subject}`).sort()).toEqual([
    'host_dead host-1',
    `machine_dead ${refOf(alone)}`,
  ])
  // A machine that runs there says that the host does: whoever is down still is so by itself, also at all later looks.
  const [first, last] = dead
  if (!first || !last) throw new Error('two were killed')
  first.health = 'good'
  const each = [`machine_dead ${refOf(alone)}`, `machine_dead ${refOf(last)}`].sort()
  await gantry.run(async () => (await codes(gantry)).join() === each.join())
  expect(await hostEvents(gantry)).toEqual(['host host-1 opened', 'host host-1 resolved'])
  await life.clock.advance(60_000)
  expect(await codes(gantry)).toEqual(each)
  last.health = 'good'
  await gantry.run(async () => (await open(gantry)).length === 1)
  expect(await codes(gantry)).toEqual([`machine_dead ${refOf(alone)}`])
  // And it may die again.
  kill(life, 'host-1', 'untold')
  await gantry.run(async () => (await codes(gantry)).includes('host_dead host-1'))
})

test('a host that is back is dead no more, and its machines that are off still are told one by one, to be started', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [6])
  await pause(gantry, ids[0] as PlatformId)
  const dead = kill(life, 'host-1', 'told')
  await gantry.run(async () => (await codes(gantry)).includes('host_dead host-1'))
  reviveAlone(life, 'host-1')
  const alone = dead.map((machine) => `machine_dead ${refOf(machine)}`).sort()
  await gantry.run(async () => (await codes(gantry)).join() === alone.join())
  expect(await hostEvents(gantry)).toEqual(['host host-1 opened', 'host host-1 resolved'])
  const [host] = (await problems(gantry)).filter(({ code }) => code === 'host_dead')
  expect(host?.resolution).toBe('its provider has it back')
  for (const { resolutions } of await open(gantry)) expect(JSON.parse(resolutions)).toContain('reboot')
  // All of them failed, but with the host that is back: nobody says that it died again.
  await life.clock.advance(5 * 60_000)
  expect(await codes(gantry)).toEqual(alone)
  revive(life, 'host-1')
  await gantry.run(async () => (await open(gantry)).length === 0)
  kill(life, 'host-1', 'untold')
  await gantry.run(async () => (await codes(gantry)).join() === 'host_dead host-1')
})

test('of a zone that is back in part the hosts that are not are told', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [6])
  await pause(gantry, ids[0] as PlatformId)
  const [first] = [kill(life, 'host-1', 'told'), kill(life, 'host-2', 'told')]
  await gantry.run(async () => (await codes(gantry)).join() === 'zone_dead zone-a')
  reviveAlone(life, 'host-1')
  const left = ['host_dead host-2', ...first.map((machine) => `machine_dead ${refOf(machine)}`)].sort()
  await gantry.run(async () => (await codes(gantry)).join() === left.join())
  await life.clock.advance(60_000)
  expect(await codes(gantry)).toEqual(left)
  expect((await hostEvents(gantry)).slice(-2).sort()).toEqual(['host host-2 opened', 'zone zone-a resolved'])
})

test('who ignored a dead host keeps the machines that are off still when it is back', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [6])
  const [id] = ids
  if (!id) throw new Error('one was asked for')
  await pause(gantry, id)
  const dead = kill(life, 'host-1', 'told')
  await gantry.run(async () => (await open(gantry)).length === 1)
  await ignore(gantry, id)
  reviveAlone(life, 'host-1')
  await life.clock.advance(10 * 60_000)
  expect(await open(gantry)).toEqual([])
  expect(on(life, 'host-1')).toEqual(dead)
  revive(life, 'host-1')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect((await problems(gantry)).map(({ resolution }) => resolution)).toEqual(['ignored until it was over'])
})

test('a zone whose hosts are all dead is one problem, which takes up what was told of its hosts and machines', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [6])
  await pause(gantry, ids[0] as PlatformId)
  const [first] = on(life, 'host-1')
  if (!first) throw new Error('nobody on host-1')
  life.world.kill(first, 'failed')
  await gantry.run(async () => (await open(gantry)).length === 1)
  expect((await open(gantry)).map(({ code }) => code)).toEqual(['machine_dead'])
  kill(life, 'host-1', 'told')
  await gantry.run(async () => (await open(gantry)).some(({ code }) => code === 'host_dead'))
  expect((await open(gantry)).map(({ code }) => code)).toEqual(['host_dead'])
  kill(life, 'host-2', 'told')
  await gantry.run(async () => (await open(gantry)).some(({ code }) => code === 'zone_dead'))
  await life.clock.advance(60_000)
  const [zone, ...others] = await open(gantry)
  expect(others).toEqual([])
  expect(zone).toMatchObject({ code: 'zone_dead', subject: 'zone-a' })
  expect(await carried(gantry, zone?.id)).toHaveLength(
    life.world.living().filter((machine) => machine.zone === 'zone-a').length,
  )
  expect((await problems(gantry)).map(({ resolution }) => resolution)).toEqual(['host_dead', 'zone_dead', null])
  revive(life, 'host-1')
  revive(life, 'host-2')
  await gantry.run(async () => (await open(gantry)).length === 0)
  expect(await hostEvents(gantry)).toEqual([
    'host host-1 opened',
    'zone zone-a opened',
    'host host-1 resolved',
    'zone zone-a resolved',
  ])
})

test('who ignores a dead host keeps its machines from being made anew, until it was over; then it is told again', async () => {
  await using life = openLife(template, threeHosts)
  const { gantry, ids } = await built(life, [6])
  const [id] = ids
  if (!id) throw new Error('one was asked for')
  await pause(gantry, id)
  const dead = kill(life, 'host-1', 'told')
  await gantry.run(async () => (await open(gantry)).length === 1)
  await ignore(gantry, id)
  await life.clock.advance(10 * 60_000)
  expect(await open(gantry)).toEqual([])
  expect(on(life, 'host-1')).toEqual(dead)
  revive(life, 'host-1')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  kill(life, 'host-1', 'told')
  await gantry.run(async () => (await problems(gantry)).length === 2)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && (await open(gantry)).length === 0)
  expect(on(life, 'host-1').filter((machine) => dead.includes(machine))).toEqual([])
})
