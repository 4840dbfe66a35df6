// What must hold at the end of every life, wherever it was cut: exactly the machines wanted, none twice,
// nothing left behind, no attempt started twice, and receipts that are true of the world.

import { expect } from 'vitest'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Store } from '../../src/store/store.ts'
import type { Life } from './installation.ts'

/** The platform is ready with `machines` machines, and the world has just those. */
export async function expectBuilt(life: Life, store: Store, platform: PlatformId, machines: number): Promise<void> {
  const rows = await store.read
    .selectFrom('machines')
    .select(['resource_key', 'native_ref', 'state', 'host', 'cpu'])
    .where('platform_id', '=', platform)
    .where('state', '!=', 'deleted')
    .execute()
  expect(rows.map((row) => row.state)).toEqual(Array.from({ length: machines }, () => 'ready'))
  const living = (await life.living()).map(({ key, ref }) => [key, ref])
  await expectQuota(store, machines)
  expect(living.sort()).toEqual(rows.map((row) => [row.resource_key, row.native_ref ?? '']).sort())
  await expectCapacityExact(store)
  await expectOnce(life)
}

/** The platform is deleted, the world is empty, and the receipt names every machine that was ever asked for. */
export async function expectDeleted(life: Life, store: Store, platform: PlatformId): Promise<void> {
  expect(await life.living()).toEqual([])
  const asked = await store.read
    .selectFrom('machines')
    .select(['resource_key', 'state', 'create_sent_at'])
    .where('platform_id', '=', platform)
    .execute()
  expect(asked.filter((row) => row.state !== 'deleted')).toEqual([])
  const objects = await store.read
    .selectFrom('receipt_objects')
    .selectAll()
    .where('platform_id', '=', platform)
    .execute()
  expect(objects.map((object) => object.resource_key).sort()).toEqual(asked.map((row) => row.resource_key).sort())
  for (const object of objects) {
    const sent = asked.find((row) => row.resource_key === object.resource_key)?.create_sent_at ?? null
    expect(object.proof === 'neverSent').toBe(sent === null)
  }
  const receipt = await store.read
    .selectFrom('receipts')
    .select('state')
    .where('platform_id', '=', platform)
    .executeTakeFirst()
  expect(receipt?.state).toBe('complete')
  await expectNoSecrets(store)
  await expectCapacityExact(store)
  await expectQuota(store, 0)
  await expectOnce(life)
}

/** Of a platform that is gone nothing can be opened any more: keys, outputs, what was minted. */
async function expectNoSecrets(store: Store): Promise<void> {
  const kept = await store.read.selectFrom('secrets').select(['id', 'purpose']).where('ciphertext', '!=', '').execute()
  expect(kept).toEqual([])
}

/** A crash of Gantry is no reason to replace a machine: nobody may hide a doubled one by making it anew. */
export async function expectNothingReplaced(store: Store): Promise<void> {
  expect(await store.read.selectFrom('decisions').select('subject').where('kind', '=', 'replace').execute()).toEqual([])
}

/** No attempt was started twice, and no two attempts ran for one step and number under one fence. */
async function expectOnce(life: Life): Promise<void> {
  expect(await life.startedTwice()).toEqual([])
}

/** The quota in use is exactly that of this many machines, in ticket and share alike. */
async function expectQuota(store: Store, machines: number): Promise<void> {
  const tickets = await store.read.selectFrom('ticket_limits').select('used').where('key', '=', 'vm.count').execute()
  const shares = await store.read.selectFrom('shares').select('used').where('key', '=', 'vm.count').execute()
  expect([...tickets, ...shares].map((row) => row.used)).toEqual([machines, machines])
}

/** What hosts count as reserved is what living machines hold: nothing leaked, nothing counted twice. */
async function expectCapacityExact(store: Store): Promise<void> {
  const hosts = await store.read.selectFrom('hosts').select(['name', 'reserved_cpu']).execute()
  const held = await store.read.selectFrom('machines').select(['host', 'cpu']).where('capacity_held', '=', 1).execute()
  for (const host of hosts) {
    const cpu = held.filter((row) => row.host === host.name).reduce((sum, row) => sum + row.cpu, 0)
    expect([host.name, host.reserved_cpu]).toEqual([host.name, cpu])
  }
}

/** No task is under way any more, no attempt is open, and of no step something half is left. */
export async function expectEnded(store: Store): Promise<void> {
  const { read } = store
  const tasks = await read.selectFrom('tasks').select(['kind', 'state']).where('ended_at', 'is', null).execute()
  expect(tasks).toEqual([])
  expect(await read.selectFrom('attempts').select('step_key').where('ended_at', 'is', null).execute()).toEqual([])
  const half = read.selectFrom('records').select('key').where('attempting', 'is not', null)
  expect(await half.where('key', 'not like', 'op/%').execute()).toEqual([])
}
