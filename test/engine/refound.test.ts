// A quorum that is lost, and a person who gives up what it knew: who founds anew, who runs what again, and who is replaced.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

const slots = (life: MemoryLife) =>
  life.world
    .living()
    .map(({ key }) => String(key).split('/').at(-1) ?? '')
    .sort()

/** A platform whose machines of these slots have vanished, blocked by it. */
async function bereaved(life: MemoryLife, parameters: { voters: number; workers: number }, dead: readonly string[]) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', parameters)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const victims = life.world.living().filter(({ key }) => dead.some((slot) => String(key).includes(`/${slot}@`)))
  expect(victims).toHaveLength(dead.length)
  for (const victim of victims) life.world.kill(victim, 'vanished')
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  return { gantry, id, before: life.remote.starts.length }
}

async function refound(gantry: Process, id: PlatformId): Promise<void> {
  await giveUp(gantry, id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
}

async function giveUp(gantry: Process, id: PlatformId): Promise<void> {
  const problem = await gantry.store.read
    .selectFrom('problems')
    .selectAll()
    .where('code', '=', 'quorum_lost')
    .where('resolved_at', 'is', null)
    .executeTakeFirstOrThrow()
  expect(JSON.parse(problem.resolutions)).toContain('refound')
  await gantry.store.write(async (tx) => {
    const row = await tx.selectFrom('platforms').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
    const place = { id, tenantId: row.tenant_id, projectId: row.project_id }
    await resolveByPerson(tx, gantry.seams, place, problem, 'refound', 'user:ann')
  })
}

async function foundings(gantry: Process) {
  const rows = await gantry.store.read
    .selectFrom('decisions')
    .select('data')
    .where('kind', '=', 'founder')
    .orderBy('id')
    .execute()
  return rows.map(({ data }) => JSON.parse(data) as { member: string; founding?: number; abandoned?: string[] })
}

async function outputOf(gantry: Process, key: string): Promise<unknown> {
  const row = await gantry.store.read.selectFrom('records').select('outputs').where('key', '=', key).executeTakeFirst()
  return row?.outputs === undefined ? undefined : JSON.parse(row.outputs ?? 'null')
}

const stepsSince = (life: MemoryLife, before: number) => life.remote.starts.slice(before).map(({ stepKey }) => stepKey)

test('the voter that still answers founds anew; the dead are replaced one at a time, and nobody else runs a thing for it', async () => {
  await using life = openLife(template)
  const { gantry, id, before } = await bereaved(life, { voters: 3, workers: 1 }, ['voter-0', 'voter-1'])
  await refound(gantry, id)
  expect((await foundings(gantry)).at(-1)).toMatchObject({
    member: 'voter-2@1',
    founding: 2,
    abandoned: ['voter-0@1', 'voter-1@1'],
  })
  const steps = stepsSince(life, before)
  expect(steps.filter((key) => key.startsWith('script/found'))).toEqual(['script/found#2'])
  // The cluster is the same one: the dead have to leave it, once it can let them go, and its worker stays in it.
  const order = ['script/found#2', 'leave/voter-0@1', 'leave/voter-1@1'].map((key) => steps.indexOf(key))
  expect(order).toEqual([...order].sort((a, b) => a - b))
  expect(order).not.toContain(-1)
  expect(steps).not.toContain('script/worker-0@1/join')
  expect(slots(life)).toEqual(['voter-0@2', 'voter-1@2', 'voter-2@1', 'worker-0@1'])
  const moves = await gantry.store.read
    .selectFrom('events')
    .select('to_state')
    .where('kind', '=', 'member.state')
    .where('to_state', 'in', ['leaving', 'gone'])
    .orderBy('seq')
    .execute()
  expect(moves.map((row) => row.to_state)).toEqual(['leaving', 'gone', 'leaving', 'gone'])
  // What was, stays on record.
  expect(await outputOf(gantry, 'script/found')).toBeTruthy()
})

test('a voter that still answers and does not found is replaced too: what it knows is of the lost quorum', async () => {
  await using life = openLife(template)
  const { gantry, id } = await bereaved(life, { voters: 5, workers: 0 }, ['voter-0', 'voter-1', 'voter-2'])
  await refound(gantry, id)
  expect((await foundings(gantry)).at(-1)).toMatchObject({ member: 'voter-3@1', founding: 2 })
  expect(slots(life)).toEqual(['voter-0@2', 'voter-1@2', 'voter-2@2', 'voter-3@1', 'voter-4@2'])
})

test('where no voter answers a fresh one founds, and whoever depends on what founding says runs again', async () => {
  await using life = openLife(template)
  const { gantry, id, before } = await bereaved(life, { voters: 3, workers: 2 }, ['voter-0', 'voter-1', 'voter-2'])
  const first = await outputOf(gantry, 'script/found')
  await refound(gantry, id)
  const steps = stepsSince(life, before)
  expect(steps.filter((key) => key.startsWith('script/found'))).toEqual(['script/found#2'])
  expect(steps).toEqual(expect.arrayContaining(['script/worker-0@1/join', 'script/worker-1@1/join']))
  expect(await outputOf(gantry, 'script/found#2')).not.toEqual(first)
  expect(await outputOf(gantry, 'script/found')).toEqual(first)
  expect(slots(life)).toEqual(['voter-0@2', 'voter-1@2', 'voter-2@2', 'worker-0@1', 'worker-1@1'])
})

test('a voter that was to found anew and turns out to be dead too is not waited for: a fresh one founds', async () => {
  await using life = openLife(template)
  const { gantry, id } = await bereaved(life, { voters: 3, workers: 1 }, ['voter-0', 'voter-1'])
  const last = life.world.living().find(({ key }) => String(key).includes('/voter-2@'))
  if (!last) throw new Error('voter-2 is dead already')
  life.world.kill(last, 'vanished')
  await giveUp(gantry, id)
  await gantry.run(async () => (await foundings(gantry)).length === 2)
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect((await foundings(gantry)).map(({ member }) => member)).toEqual(['voter-0@1', 'voter-2@1', expect.anything()])
  expect(slots(life)).toEqual(['voter-0@2', 'voter-1@2', 'voter-2@2', 'worker-0@1'])
})

test('a quorum lost again is a question again, and its answer a third founding', async () => {
  await using life = openLife(template)
  const { gantry, id } = await bereaved(life, { voters: 1, workers: 0 }, ['voter-0'])
  await refound(gantry, id)
  const [again] = life.world.living()
  if (!again) throw new Error('nobody lives')
  life.world.kill(again, 'vanished')
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  await refound(gantry, id)
  expect(slots(life)).toEqual(['voter-0@3'])
  const keys = await gantry.store.read
    .selectFrom('records')
    .select('key')
    .where('mode', '=', 'once')
    .orderBy('key')
    .execute()
  expect(keys.map(({ key }) => key)).toEqual(['script/found', 'script/found#2', 'script/found#3'])
})
