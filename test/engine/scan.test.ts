// What scans do about what should not be there, and what they leave alone while they cannot be sure.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { ResourceKey } from '../../src/provider/contract.ts'
import type { Store } from '../../src/store/store.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { expectBuilt, expectDeleted } from '../crash/invariants.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

/** A living platform of one machine, and a twin of that machine under a key that nobody remembers. */
async function withOrphan(life: MemoryLife) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { count: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const [machine] = life.world.living()
  const [host] = life.world.hosts
  if (!machine || !host) throw new Error('nothing to copy')
  await life.wait(life.world.add(`${machine.key}-orphan` as ResourceKey, machine.request, host))
  return gantry
}

async function orphanEvents(store: Store): Promise<string[]> {
  const rows = await store.read
    .selectFrom('events')
    .select('kind')
    .where('kind', 'like', 'orphan.%')
    .orderBy('seq')
    .execute()
  return rows.map((row) => row.kind)
}

test('an orphan is reported at once and removed after ten minutes, never sooner', async () => {
  await using life = openLife(template)
  const gantry = await withOrphan(life)
  await life.clock.advance(9 * 60_000)
  expect(life.world.living()).toHaveLength(2)
  expect(await orphanEvents(gantry.store)).toEqual(['orphan.found'])
  await life.clock.advance(2 * 60_000)
  expect(life.world.living()).toHaveLength(1)
  expect(await orphanEvents(gantry.store)).toEqual(['orphan.found', 'orphan.destroyed'])
})

test('in report-only mode an orphan is reported and stays', async () => {
  await using life = openLife(template)
  const gantry = await withOrphan(life)
  await gantry.store.write(async (tx) => {
    await tx.updateTable('installation').set({ report_only: 1 }).execute()
  })
  await life.clock.advance(30 * 60_000)
  expect(life.world.living()).toHaveLength(2)
  expect(await orphanEvents(gantry.store)).toEqual(['orphan.found'])
})

test('where lookups lag, nothing is doubled, nothing living is declared dead, and nothing is left', async () => {
  await using life = openLife(template, { world: { lookup: 'eventual', settleMs: 8_000 } })
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { count: 4 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(5 * 60_000)
  await expectBuilt(life, gantry.store, id, 4)
  expect(await gantry.store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace').execute()).toEqual(
    [],
  )
  await life.vanish('machine-2')
  await gantry.run(async (store) => {
    const successor = await store.read
      .selectFrom('machines')
      .select('state')
      .where('member', '=', 'machine-2@2')
      .executeTakeFirst()
    return successor?.state === 'ready' && (await stateOf(store, id)) === 'ready'
  })
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  await expectDeleted(life, gantry.store, id)
})

test('while the provider does not answer nobody is declared dead; a deletion waits for it and says so', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { count: 2 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  life.world.faults.unreachable = true
  await life.clock.advance(5 * 60_000)
  expect(await stateOf(gantry.store, id)).toBe('ready')
  await gantry.remove(id)
  await life.clock.advance(20 * 60_000)
  const row = await gantry.store.read
    .selectFrom('platforms')
    .select(['state', 'state_reason'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect(row.state).toBe('deleting')
  expect(row.state_reason).not.toBeNull()
  life.world.faults.unreachable = false
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  await expectDeleted(life, gantry.store, id)
})

test('what waits in back-off for a provider goes on as soon as the provider is seen to answer', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  await gantry.ask('team-a', { count: 1 })
  life.world.faults.unreachable = true
  const waits = async (store: Store): Promise<number | null> => {
    const row = await store.read
      .selectFrom('records')
      .select(['status', 'next_at'])
      .where('key', '=', 'machine/machine-0@1')
      .executeTakeFirst()
    return row?.status === 'waiting' ? row.next_at : null
  }
  await life.wait(gantry.care.scanNow())
  let nextAt = 0
  await gantry.run(async (store) => {
    nextAt = (await waits(store)) ?? 0
    return nextAt > life.clock.now() + 3_000
  })
  life.world.faults.unreachable = false
  await life.wait(gantry.care.scanNow())
  await gantry.run(async () => life.world.living().length === 1)
  expect(life.clock.now()).toBeLessThan(nextAt)
  const retried = await gantry.store.read
    .selectFrom('events')
    .select('cause')
    .where('kind', '=', 'step.retried')
    .execute()
  expect(retried).toEqual([{ cause: 'the provider answers again' }])
})
