// When very much goes down at once nothing is made anew by itself, until a person says so or it comes back.

import { afterAll, expect, test } from 'vitest'
import type { WorldInput } from '../../providers/simulated/world/layout.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { forgetMachines, noteRetry, resolveByPerson } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

const gib = 2 ** 30
/** Room for a hundred machines. */
const large: WorldInput = {
  hosts: ['a', 'b', 'c'].map((zone) => ({
    name: `host-${zone}`,
    zone: `zone-${zone}`,
    cpu: 80,
    memoryBytes: 200 * gib,
    diskBytes: 2_000 * gib,
  })),
}

async function built(life: MemoryLife, workers: number) {
  const gantry = await life.start()
  await life.wait(gantry.care.scanNow())
  const id = await gantry.ask('team-a', { voters: 1, workers })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

function kill(life: MemoryLife, slot: string): void {
  const victim = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!victim) throw new Error(`no ${slot}`)
  life.world.kill(victim, 'vanished')
}

const problems = (gantry: Process) =>
  gantry.store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).execute()
const replaced = async (gantry: Process) =>
  (await gantry.store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace').execute()).length
const placeOf = async (gantry: Process, id: PlatformId) => {
  const row = await gantry.store.read
    .selectFrom('platforms')
    .select(['tenant_id', 'project_id'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  return { id, tenantId: row.tenant_id, projectId: row.project_id }
}

test('six of nine machines down at once are not replaced; a problem says so, and a person says to go on', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, 8)
  for (let n = 0; n < 6; n++) kill(life, `worker-${n}`)
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async () => (await problems(gantry)).some(({ code }) => code === 'meltdown'))
  await life.clock.runUntil(life.clock.seams.clock.sleep(1_200_000), { ms: 3_600_000 })
  expect(await replaced(gantry)).toBe(0)
  const [guard] = (await problems(gantry)).filter(({ code }) => code === 'meltdown')
  expect(guard?.detail).toContain('6 of 9 machines')
  const place = await placeOf(gantry, id)
  const first = (await problems(gantry)).find(({ subject }) => subject === 'worker-0@1')
  if (!first) throw new Error('worker-0 is not told')
  // What a person chooses for one of them lets repair go on.
  await gantry.request(id, (tx) => resolveByPerson(tx, gantry.seams, place, first, 'recreate', 'test'))
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 9)
  expect(await replaced(gantry)).toBe(6)
  expect(await problems(gantry)).toEqual([])
})

test('five down are repaired, whatever their share', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, 5)
  for (let n = 0; n < 5; n++) kill(life, `worker-${n}`)
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 6)
  expect(await replaced(gantry)).toBe(5)
})

test('a forgotten platform frees its quota, its receipt says forgotten, and what is seen of it again is removed', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, 1)
  await gantry.remove(id)
  const place = await placeOf(gantry, id)
  const because = { actor: 'test', reason: 'the data centre burnt down' }
  const forget = () => gantry.request(id, (tx) => forgetMachines(tx, gantry.forming, place, because))
  const { left } = await forget()
  // Whoever never got the answer and asks again is told the same, and nobody else hears of it again.
  expect(await forget()).toEqual({ left, secrets: [] })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(left.map(({ member }) => member).sort()).toEqual(['voter-0@1', 'worker-0@1'])
  const proofs = await gantry.store.read.selectFrom('receipt_objects').select('proof').execute()
  expect(proofs).toEqual([{ proof: 'forgotten' }, { proof: 'forgotten' }])
  expect(
    await gantry.store.read.selectFrom('reservations').select('holder').where('platform_id', '=', id).execute(),
  ).toEqual([])
  const told = await gantry.store.read
    .selectFrom('events')
    .select('cause')
    .where('kind', '=', 'platform.forgotten')
    .execute()
  expect(told).toEqual([{ cause: because.reason }])
  await gantry.run(async () => life.world.living().length === 0)
})

test('a platform that loses most of its machines is held though its provider hardly notices, and says which count it was', async () => {
  await using life = openLife(template, { world: large })
  const { gantry, id } = await built(life, 11)
  // 29 others at the same provider: 7 of 41 is under a fifth, 7 of 12 is not.
  const other = await gantry.ask('team-b', { voters: 1, workers: 28 })
  await gantry.run(async (store) => (await stateOf(store, other)) === 'ready')
  for (let n = 0; n < 7; n++) kill(life, `${id}/worker-${n}`)
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async () => (await problems(gantry)).some(({ code }) => code === 'meltdown'))
  await life.clock.advance(30 * 60_000)
  expect(await replaced(gantry)).toBe(0)
  const guards = (await problems(gantry)).filter(({ code }) => code === 'meltdown')
  expect(guards.map(({ platform_id }) => platform_id)).toEqual([id])
  expect(guards[0]?.detail).toMatch(/^7 of 12 machines of this platform went down within 10 minutes, /)
  expect(guards[0]?.detail).not.toContain('of provider')
  // The other platform of that provider is repaired as ever.
  kill(life, `${other}/worker-3`)
  await gantry.run(async () => (await replaced(gantry)) === 1)
  await gantry.run(async (store) => (await stateOf(store, other)) === 'ready')
  await gantry.request(id, async (tx) => noteRetry(tx, gantry.seams, await placeOf(gantry, id), 'test', {}))
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 41)
  expect(await replaced(gantry)).toBe(8)
  expect(await problems(gantry)).toEqual([])
})

test('when a provider loses much and a platform of it little, it is the provider that is named; of two counts both are', async () => {
  await using life = openLife(template, { world: large })
  const { gantry, id } = await built(life, 7)
  const other = await gantry.ask('team-b', { voters: 1, workers: 18 })
  await gantry.run(async (store) => (await stateOf(store, other)) === 'ready')
  const small = life.world.living().filter(({ key }) => String(key).includes(id))
  const others = life.world.living().filter(({ key }) => !small.some((one) => one.key === key))
  const workers = [
    ...small.filter(({ key }) => String(key).includes('worker')).slice(0, 1),
    ...others.filter(({ key }) => String(key).includes('worker')).slice(0, 6),
  ]
  for (const machine of workers) life.world.kill(machine, 'vanished')
  await life.clock.runUntil(gantry.care.scanNow())
  const guards = async () => (await problems(gantry)).filter(({ code }) => code === 'meltdown')
  await gantry.run(async () => (await guards()).length === 2)
  const details = new Map((await guards()).map(({ platform_id, detail }) => [platform_id, detail]))
  expect(details.get(id)).toMatch(/^7 of 27 machines of provider \S+ went down/)
  expect(details.get(other)).toMatch(
    /^6 of 19 machines of this platform and 7 of 27 machines of provider \S+ went down/,
  )
  expect(await replaced(gantry)).toBe(0)
})
