// An operation of the blueprint, cut at every boundary: it ends done, and no step of it ran twice.

import type { PlatformId } from '../../src/kernel/ids.ts'
import { requestOperation } from '../../src/resources/operations/request.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import type { Store } from '../../src/store/store.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { built, found, isReady, type Operation, type Shape } from './operations.ts'
import type { Process } from './process.ts'

/** Runs the operation on a platform that is ready; it has as many steps as `steps` says. */
export function ran(shape: Shape, operation: string, steps: number): Operation {
  return {
    name: `operation ${operation}`,
    // Commits and starts: no provider is called.
    kinds: 4,
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (platform) await request(process, platform, operation)
    },
    over: async (_life, store) => (await taskState(store)) !== undefined && (await endedAt(store)) !== null,
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectDone(store)
    },
    async expectUnharmed(store) {
      await expectRanOnce(store, steps)
      await expectNothingReplaced(store)
    },
    again: (process, platform) => request(process, platform, operation),
  }
}

/** The same while `slot` is being replaced: whichever comes first, both end well. */
export function ranBesideRepair(shape: Shape, operation: string, slot: string): Operation {
  return {
    name: `operation ${operation} while ${slot} is replaced`,
    prepare: (_life, process) => built(process, shape),
    async act(life, process, platform) {
      await life.vanish(slot)
      await process.care.scanNow()
      if (platform) await request(process, platform, operation)
    },
    async over(_life, store) {
      const replaced = await store.read.selectFrom('members').select('id').where('incarnation', '=', 2).execute()
      return replaced.length === 1 && (await endedAt(store)) !== null && (await isReady(store, shape.machines))
    },
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectDone(store)
    },
    // The voters and the workers that were there; not the one that was lost, if its loss was seen before.
    expectUnharmed: (store) => expectRanOnce(store, null),
    again: (process, platform) => request(process, platform, operation),
  }
}

async function request(process: Process, platform: PlatformId, operation: string): Promise<void> {
  await process.request(platform, async (tx, scope) => {
    const asked = await tx
      .selectFrom('tasks')
      .select('id')
      .where('operation', '=', operation)
      .where('state', '!=', 'failed')
      .executeTakeFirst()
    if (asked) return
    await requestOperation(process, tx, scope, await getPlatform(tx, scope, platform), { operation, parameters: {} })
  })
}

async function task(store: Store) {
  return store.read
    .selectFrom('tasks')
    .select(['id', 'state', 'ended_at'])
    .where('operation', 'is not', null)
    .orderBy('id', 'desc')
    .executeTakeFirst()
}
const taskState = async (store: Store) => (await task(store))?.state
const endedAt = async (store: Store) => (await task(store))?.ended_at ?? null

async function expectDone(store: Store): Promise<void> {
  const ended = await task(store)
  if (ended?.state !== 'done') throw new Error(`the operation ended ${ended?.state}`)
}

/** Every step has one attempt, which was done; of them there are `steps`, or as many as were planned (null). */
async function expectRanOnce(store: Store, steps: number | null): Promise<void> {
  const ended = await task(store)
  if (ended === undefined) throw new Error('the operation was never asked for')
  const attempts = await store.read
    .selectFrom('attempts')
    .select(['step_key', 'outcome'])
    .where('step_key', 'like', `op/${ended.id}/%`)
    .execute()
  const records = await store.read
    .selectFrom('records')
    .select('status')
    .where('key', 'like', `op/${ended.id}/%`)
    .execute()
  const keys = new Set(attempts.map((attempt) => attempt.step_key))
  if (keys.size !== attempts.length) throw new Error(`a step ran twice: ${attempts.map((one) => one.step_key).join()}`)
  if (attempts.some((attempt) => attempt.outcome !== 'done')) throw new Error('an attempt was not done')
  if (records.length !== attempts.length || records.some((record) => record.status !== 'done'))
    throw new Error('a step was not recorded as done')
  if (steps !== null && keys.size !== steps) throw new Error(`${keys.size} steps ran, not ${steps}`)
}
