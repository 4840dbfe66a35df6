// What a person may have started again: a machine that is not well, and the voters of a quorum that is lost.

import { afterAll, expect, test } from 'vitest'
import type { SimMachine } from '../../providers/simulated/world/sim-machine.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import { pausePlatform, resumePlatform } from '../../src/engine/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

async function built(life: MemoryLife, parameters: { voters: number; workers: number }, checks?: true) {
  const gantry = await life.start(null, checks ? { checks } : {})
  const id = await gantry.ask('team-a', parameters)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(30_000)
  return { gantry, id }
}

function machineOf(life: MemoryLife, slot: string): SimMachine {
  const found = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!found) throw new Error(`no ${slot}`)
  return found
}

const keys = (life: MemoryLife) => life.world.living().map(({ key }) => String(key).split('/').at(-1))
const open = (gantry: Process) =>
  gantry.store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).execute()

async function choose(gantry: Process, id: PlatformId, code: string, by: 'reboot' | 'restore', resume = false) {
  const problem = (await open(gantry)).find((one) => one.code === code)
  if (!problem) throw new Error(`no ${code}`)
  await gantry.request(id, async (tx) => {
    const row = await tx.selectFrom('platforms').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const place = { id, tenantId: row.tenant_id, projectId: row.project_id }
    await resolveByPerson(tx, gantry.seams, place, problem, by, 'user:ann')
    if (resume) await resumePlatform(tx, gantry.seams, id, { actor: 'user:ann', cause: 'test', task: null })
  })
}
const pause = (gantry: Process, id: PlatformId) =>
  gantry.request(id, (tx) => pausePlatform(tx, gantry.seams, id, { actor: 'user:ann', cause: 'test', task: null }))
async function declares(gantry: Process, power: boolean) {
  const facts = JSON.stringify({ identity: 'simulated-1', health: null, capabilities: { power } })
  await gantry.store.write((tx) => tx.updateTable('providers').set({ facts }).execute())
}
/** Counts the resets of the world, each of which does `also`. */
function resets(life: MemoryLife, also: (machine: SimMachine) => void = () => {}) {
  const real = life.world.reset
  const seen: string[] = []
  life.world.reset = (machine) => {
    seen.push(String(machine.key).split('/').at(-1) ?? '')
    real(machine)
    also(machine)
  }
  return seen
}

test('a member that fails its check is started anew once, stays who it is, and runs its steps no second time', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 }, true)
  const worker = machineOf(life, 'worker-0')
  const seen = resets(life, (machine) => machine.inside().disk.rm('/etc/ill'))
  worker.inside().disk.writeFileSync('/etc/ill', 'its memory is full\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  expect(JSON.parse((await open(gantry))[0]?.resolutions ?? '')).toEqual(['reboot', 'recreate', 'ignore'])
  const before = life.remote.starts.length
  await choose(gantry, id, 'member_unhealthy', 'reboot')
  expect(await open(gantry)).toEqual([])
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(120_000)
  expect(seen).toEqual(['worker-0@1'])
  expect(machineOf(life, 'worker-0')).toBe(worker)
  expect(await open(gantry)).toEqual([])
  expect(life.remote.starts.slice(before).filter(({ stepKey }) => stepKey.startsWith('script/'))).toEqual([])
  const { state } = await gantry.store.read
    .selectFrom('machines')
    .select('state')
    .where('member', '=', 'worker-0@1')
    .executeTakeFirstOrThrow()
  expect(state).toBe('ready')
})

test('a machine that is off is switched on and not replaced, also when scans see it off meanwhile', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 })
  await pause(gantry, id)
  const worker = machineOf(life, 'worker-0')
  life.world.kill(worker, 'off')
  await gantry.run(async () => (await open(gantry)).length > 0)
  await choose(gantry, id, 'machine_dead', 'reboot', true)
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(60_000)
  expect(machineOf(life, 'worker-0')).toBe(worker)
  expect(keys(life)).toHaveLength(2)
  expect(await open(gantry)).toEqual([])
})

test('whoever does not come back from it is replaced', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 }, true)
  resets(life, (machine) => life.world.kill(machine, 'silent'))
  machineOf(life, 'worker-0').inside().disk.writeFileSync('/etc/ill', 'its memory is full\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  await choose(gantry, id, 'member_unhealthy', 'reboot')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && keys(life).includes('worker-0@2'))
  expect(await open(gantry)).toEqual([])
})

test('where the provider cannot, it is not offered, and refused in words when it is asked for all the same', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 }, true)
  await declares(gantry, false)
  machineOf(life, 'worker-0').inside().disk.writeFileSync('/etc/ill', 'its memory is full\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  expect(JSON.parse((await open(gantry))[0]?.resolutions ?? '')).toEqual(['recreate', 'ignore'])
  await expect(choose(gantry, id, 'member_unhealthy', 'reboot')).rejects.toMatchObject({ code: 'power_not_supported' })
})

test('voters that are off are started again: the quorum knows what it knew, and nobody is founded or replaced', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 1 })
  const before = keys(life)
  for (const slot of ['voter-0', 'voter-1']) life.world.kill(machineOf(life, slot), 'off')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  const [lost] = (await open(gantry)).filter(({ code }) => code === 'quorum_lost')
  expect(JSON.parse(lost?.resolutions ?? '')).toEqual(['restore', 'refound', 'delete'])
  const carried = await gantry.store.read
    .selectFrom('problem_machines')
    .select('member')
    .where('problem_id', '=', lost?.id ?? '')
    .orderBy('member')
    .execute()
  expect(carried.map(({ member }) => member)).toEqual(['voter-0@1', 'voter-1@1'])
  const started = life.remote.starts.length
  await choose(gantry, id, 'quorum_lost', 'restore')
  // Asked for again while it is under way it is the same start.
  await choose(gantry, id, 'quorum_lost', 'restore')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(60_000)
  const starts = await gantry.store.read
    .selectFrom('records')
    .select(['key', 'status'])
    .where('key', 'like', 'restart/%')
    .orderBy('key')
    .execute()
  expect(starts.map(({ key, status }) => `${key} ${status}`)).toEqual([
    'restart/voter-0@1#1 done',
    'restart/voter-1@1#1 done',
  ])
  expect(keys(life)).toEqual(before)
  expect(await open(gantry)).toEqual([])
  expect(life.remote.starts.slice(started).filter(({ stepKey }) => stepKey.startsWith('script/'))).toEqual([])
})

test('of those that are gone for good nobody is started; with the others the quorum is there, and they are replaced', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 0 })
  life.world.kill(machineOf(life, 'voter-0'), 'vanished')
  life.world.kill(machineOf(life, 'voter-1'), 'off')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  await choose(gantry, id, 'quorum_lost', 'restore')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && keys(life).includes('voter-0@2'))
  expect(keys(life).sort()).toEqual(['voter-0@2', 'voter-1@1', 'voter-2@1'])
  expect(await open(gantry)).toEqual([])
})
