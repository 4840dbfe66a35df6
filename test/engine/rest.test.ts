// A platform at rest: paused, nothing is touched; hibernated, its machines are stopped and nobody takes them for dead.

import { afterAll, expect, test } from 'vitest'
import type { Scope } from '../../src/access/index.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId, TaskId } from '../../src/kernel/ids.ts'
import type { Session } from '../../src/provider/contract.ts'
import { lookerOver } from '../../src/provider/look.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { hibernate, pause, wake } from '../../src/resources/platforms/rest.ts'
import { getPlatform, type PlatformRow } from '../../src/resources/platforms/store.ts'
import { planWaking } from '../../src/resources/platforms/wake-preview.ts'
import { cancelTask } from '../../src/resources/tasks/index.ts'
import { powerStep } from '../../src/steps/index.ts'
import type { Tx } from '../../src/store/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { memorySession } from '../support/memory-world.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

async function built(life: MemoryLife) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 3, workers: 2 })
  await is(gantry, id, 'ready')
  return { gantry, id, before: life.remote.starts.length }
}

const is = (gantry: Process, id: PlatformId, state: string) =>
  gantry.run(async (store) => (await stateOf(store, id)) === state)

function ask<T>(gantry: Process, id: PlatformId, work: (tx: Tx, scope: Scope, row: PlatformRow) => Promise<T>) {
  return gantry.request(id, async (tx, scope) => work(tx, scope, await getPlatform(tx, scope, id)))
}
const paused = (gantry: Process, id: PlatformId) => ask(gantry, id, (tx, scope, row) => pause(gantry, tx, scope, row))
const slept = (gantry: Process, id: PlatformId) =>
  ask(gantry, id, (tx, scope, row) => hibernate(gantry, tx, scope, row))
const woken = (gantry: Process, id: PlatformId) => ask(gantry, id, (tx, scope, row) => wake(gantry, tx, scope, row))

function kill(life: MemoryLife, slot: string): void {
  const victim = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!victim) throw new Error(`no ${slot}`)
  life.world.kill(victim, 'vanished')
}

const problems = async (gantry: Process) =>
  (
    await gantry.store.read
      .selectFrom('problems')
      .select(['code', 'subject'])
      .where('resolved_at', 'is', null)
      .execute()
  )
    .map(({ code, subject }) => `${code} ${subject}`)
    .sort()

/** Members in the order in which their machines came into a state. */
async function moves(gantry: Process, to: string, since: number): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('events')
    .innerJoin('machines', 'machines.id', 'events.machine_id')
    .select('machines.member')
    .where('events.kind', '=', 'machine.state')
    .where('to_state', '=', to)
    .where('seq', '>', since)
    .orderBy('seq')
    .execute()
  return rows.map(({ member }) => member)
}
const lastSeq = async (gantry: Process) =>
  (await gantry.store.read.selectFrom('events').select('seq').orderBy('seq', 'desc').executeTakeFirstOrThrow()).seq

test('paused, a dead machine is a problem and nothing more; resumed, it is replaced', async () => {
  await using life = openLife(template)
  const { gantry, id, before } = await built(life)
  await paused(gantry, id)
  kill(life, 'worker-1')
  await life.clock.advance(10 * 60_000)
  expect(await stateOf(gantry.store, id)).toBe('paused')
  expect(await problems(gantry)).toEqual(['machine_dead worker-1@1'])
  expect(life.world.living()).toHaveLength(4)
  expect(life.remote.starts).toHaveLength(before)
  await ask(gantry, id, (tx, scope, row) => goOn(gantry, tx, scope, row))
  await is(gantry, id, 'ready')
  expect(life.world.living()).toHaveLength(5)
})

test('hibernated, machines are stopped and stay: voters last; woken, voters first, and no script runs again', async () => {
  await using life = openLife(template)
  const { gantry, id, before } = await built(life)
  const from = await lastSeq(gantry)
  const reserved = await gantry.store.read.selectFrom('reservations').selectAll().execute()
  const asleep = await slept(gantry, id)
  await is(gantry, id, 'hibernated')
  const stopped = await moves(gantry, 'stopped', from)
  expect(stopped.slice(0, 2).sort()).toEqual(['worker-0@1', 'worker-1@1'])
  expect(stopped.slice(2).sort()).toEqual(['voter-0@1', 'voter-1@1', 'voter-2@1'])
  await life.clock.advance(3_600_000)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  expect(await problems(gantry)).toEqual([])
  expect(life.world.living()).toHaveLength(5)
  expect(await gantry.store.read.selectFrom('reservations').selectAll().execute()).toEqual(reserved)

  const awake = await woken(gantry, id)
  await is(gantry, id, 'ready')
  const started = await moves(gantry, 'booting', from)
  expect(started.slice(0, 2).every((member) => member.startsWith('voter-'))).toBe(true)
  expect(started).toHaveLength(5)
  expect(life.remote.starts.slice(before).map((start) => start.stepKey.split('/')[0])).not.toContain('script')
  expect(life.remote.starts.length).toBeGreaterThan(before)
  const tasks = await gantry.store.read.selectFrom('tasks').select(['id', 'state']).orderBy('id').execute()
  expect(tasks).toEqual([asleep, awake].map((task) => ({ id: task, state: 'done' })))
  const states = await gantry.store.read.selectFrom('machines').select('state').execute()
  expect(states.map(({ state }) => state)).toEqual(Array(5).fill('ready'))
  expect(await gantry.store.read.selectFrom('hibernations').selectAll().execute()).toEqual([])
})

/** What its users are told of its members, change by change, beside the moves of machines. */
async function told(gantry: Process, since: number): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('events')
    .leftJoin('machines', 'machines.id', 'events.machine_id')
    .select(['events.kind', 'events.to_state', 'machines.member'])
    .where('events.kind', 'in', ['platform.outputs', 'machine.state'])
    .where('seq', '>', since)
    .orderBy('seq')
    .execute()
  return rows.map(({ kind, to_state, member }) => (kind === 'machine.state' ? `${member} ${to_state}` : 'outputs'))
}
const addresses = async (gantry: Process, id: PlatformId) => {
  const { outputs } = await gantry.store.read
    .selectFrom('platforms')
    .select('outputs')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const { 'voter-addresses': voters, 'worker-addresses': workers, ...rest } = JSON.parse(outputs)
  return { voters, workers, rest }
}

test('members are out of the outputs before the first machine is stopped, and back once their machines are', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const before = await addresses(gantry, id)
  expect(before.voters.split(',')).toHaveLength(3)
  const from = await lastSeq(gantry)
  await slept(gantry, id)
  await is(gantry, id, 'hibernated')
  expect(await addresses(gantry, id)).toEqual({ ...before, voters: '', workers: '' })
  const asleep = await told(gantry, from)
  expect(asleep[0]).toBe('outputs')
  expect(asleep.slice(1)).toHaveLength(5)

  const later = await lastSeq(gantry)
  await woken(gantry, id)
  await is(gantry, id, 'ready')
  expect(await addresses(gantry, id)).toEqual(before)
  const awake = await told(gantry, later)
  expect(awake.indexOf('outputs')).toBeGreaterThan(awake.findIndex((line) => line.endsWith(' ready')))
})

test('a wish to wake that comes while machines are being stopped leaves nobody out of the outputs', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const before = await addresses(gantry, id)
  await slept(gantry, id)
  await gantry.run(async () => (await moves(gantry, 'stopped', 0)).length > 0)
  await woken(gantry, id)
  await is(gantry, id, 'ready')
  expect(await addresses(gantry, id)).toEqual(before)
})

test('a machine that is gone while its platform hibernates is a problem then, and replaced when it wakes', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  await slept(gantry, id)
  await is(gantry, id, 'hibernated')
  kill(life, 'voter-1')
  await life.clock.advance(600_000)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  expect(await problems(gantry)).toEqual(['machine_dead voter-1@1'])
  const plan = await ask(gantry, id, (tx, _scope, row) => planWaking(gantry, tx, row))
  expect([...plan.machines].sort()).toEqual(['voter-0@1', 'voter-2@1', 'worker-0@1', 'worker-1@1'])
  expect(plan.machines.slice(0, 2).every((member) => member.startsWith('voter-'))).toBe(true)
  expect(plan.replaced).toMatchObject([{ member: 'voter-1@1', host: expect.stringMatching(/^host-/) }])
  await woken(gantry, id)
  await is(gantry, id, 'ready')
  expect(await problems(gantry)).toEqual([])
  expect(life.world.living().filter(({ key }) => key.endsWith('/voter-1@2'))).toHaveLength(1)
})

test('the only voter that is gone when its platform wakes is a lost quorum, and nothing is offered to be started that is gone', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await is(gantry, id, 'ready')
  await slept(gantry, id)
  await is(gantry, id, 'hibernated')
  kill(life, 'voter-0')
  await woken(gantry, id)
  await is(gantry, id, 'blocked')
  await life.clock.advance(120_000)
  expect(await problems(gantry)).toContain('quorum_lost platform')
  const { resolutions } = await gantry.store.read
    .selectFrom('problems')
    .select('resolutions')
    .where('code', '=', 'quorum_lost')
    .executeTakeFirstOrThrow()
  expect(JSON.parse(resolutions)).toEqual(['refound', 'delete'])
  const members = await gantry.store.read.selectFrom('members').select('state').where('incarnation', '>', 1).execute()
  expect(members).toEqual([])
})

test('a wish to wake while machines are still being stopped wins, and a later one to hibernate too', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  await slept(gantry, id)
  await gantry.run(async () => (await moves(gantry, 'stopped', 0)).length > 0)
  await woken(gantry, id)
  await is(gantry, id, 'ready')
  await slept(gantry, id)
  await is(gantry, id, 'hibernated')
  await gantry.remove(id)
  await is(gantry, id, 'deleted')
  expect(life.world.living()).toEqual([])
})

test('a machine that does not shut down is switched off; its provider is asked once for each', async () => {
  await using life = openLife(template)
  const calls: string[] = []
  const session: Session = {
    ...memorySession(life.world),
    async power(owner, key, to, signal) {
      calls.push(`${to} ${key.split('/').at(-1)}`)
      if (to !== 'shutdown') await memorySession(life.world).power?.(owner, key, to, signal)
    },
  }
  const deaf = powerStep({ open: async () => ({ session, looker: lookerOver(session) }) })
  const gantry = await life.start(null, { kind: (real) => (real.kind === 'power' ? deaf : real) })
  const id = await gantry.ask('team-a', { voters: 1, workers: 0 })
  await is(gantry, id, 'ready')
  const before = life.clock.now()
  await slept(gantry, id)
  await is(gantry, id, 'hibernated')
  expect(calls).toEqual(['shutdown voter-0@1', 'off voter-0@1'])
  expect(life.clock.now() - before).toBeGreaterThan(60_000)
})

test('whoever resumed a platform on its way to sleep waits until it wakes; cancelled meanwhile, it sleeps on', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const cancelled = async (task: TaskId) => gantry.request(id, (tx, scope) => cancelTask(tx, scope, gantry.seams, task))
  await cancelled(await slept(gantry, id))
  const resumed = await ask(gantry, id, (tx, scope, row) => goOn(gantry, tx, scope, row))
  await is(gantry, id, 'hibernated')
  await cancelled(resumed)
  await life.clock.advance(60_000)
  expect(await stateOf(gantry.store, id)).toBe('hibernated')
  await woken(gantry, id)
  await is(gantry, id, 'ready')
})
