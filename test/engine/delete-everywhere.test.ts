// A platform can be deleted from every state there is; the states are those of the closed enum, so a new one is tested too.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { type PlatformState, platformStates } from '../../src/kernel/states.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

async function inState(life: MemoryLife, state: PlatformState) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await gantry.store.write((tx) => tx.updateTable('platforms').set({ state }).where('id', '=', id).execute())
  return { gantry, id }
}

const alive = platformStates.filter((state) => state !== 'deleted' && state !== 'deleting')

test.each(alive)('a platform that is %s is deleted when asked, with a receipt of every machine', async (state) => {
  await using life = openLife(template)
  const { gantry, id } = await inState(life, state)
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
  const receipt = gantry.store.read.selectFrom('receipts').select('state').where('platform_id', '=', id)
  expect(await receipt.execute()).toEqual([{ state: 'complete' }])
  expect(await gantry.store.read.selectFrom('receipt_objects').select('proof').execute()).toHaveLength(2)
  const held = gantry.store.read.selectFrom('reservations').select('holder').where('platform_id', '=', id)
  expect(await held.execute()).toEqual([])
})

test.each([0, 300, 1_500, 4_000, 9_000])('a build is deleted %i ms after it began', async (ms) => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await life.clock.runUntil(life.clock.seams.clock.sleep(ms))
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
})

test('machines that are gone already do not keep a platform from its end', async () => {
  await using life = openLife(template)
  const { gantry, id } = await inState(life, 'ready')
  for (const machine of life.world.living()) life.world.kill(machine, 'vanished')
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(await gantry.store.read.selectFrom('receipt_objects').select('proof').execute()).toHaveLength(2)
})

test('a deletion waits for a provider that is down, says so, and ends when it answers again', async () => {
  await using life = openLife(template)
  const { gantry, id } = await inState(life, 'ready')
  life.world.faults.unreachable = true
  await gantry.remove(id)
  await life.clock.runUntil(life.clock.seams.clock.sleep(60_000))
  expect(await stateOf(gantry.store, id)).toBe('deleting')
  const open = gantry.store.read.selectFrom('records').select(['status', 'problem']).where('problem', 'is not', null)
  expect((await open.execute()).map(({ problem }) => JSON.parse(problem ?? '{}').code)).toContain(
    'provider_unreachable',
  )
  life.world.faults.unreachable = false
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
})
