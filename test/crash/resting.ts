// A platform is left alone, put to sleep and woken, each cut at every boundary: it is as before, with the same machines.

import type { Scope } from '../../src/access/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { hibernate, pause, wake } from '../../src/resources/platforms/rest.ts'
import { getPlatform, type PlatformRow } from '../../src/resources/platforms/store.ts'
import type { Store, Tx } from '../../src/store/index.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { built, found, isReady, type Operation, type Shape } from './operations.ts'
import { type Process, stateOf } from './process.ts'

/** Paused, a minute of nothing, resumed. */
export function paused(shape: Shape): Operation {
  return {
    name: 'pause, then resume',
    kinds: 4,
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (!platform) return
      await inState(process, platform, ['ready'], (tx, scope, row) => pause(process, tx, scope, row))
      await process.seams.clock.sleep(60_000)
      await inState(process, platform, ['paused'], (tx, scope, row) => goOn(process, tx, scope, row))
    },
    over: (_life, store) => hasEnded(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** Its machines are stopped; later they are started again. */
export function slept(shape: Shape): Operation {
  return {
    name: 'hibernate, then wake',
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (!platform) return
      const since = await lastTask(process.store)
      if (since === undefined) await sleep(process, platform)
      await process.reaches(
        async (store) => (await lastTask(store)) !== 'platform.hibernate' || (await isAsleep(store)),
      )
      await inState(process, platform, ['hibernated'], (tx, scope, row) => wake(process, tx, scope, row))
    },
    over: async (_life, store) =>
      (await lastTask(store)) === 'platform.wake' && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** From asleep. */
export function woken(shape: Shape): Operation {
  return {
    name: 'wake',
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(sleep(process, platform))
      await process.run(isAsleep)
      return platform
    },
    async act(_life, process, platform) {
      if (platform) await inState(process, platform, ['hibernated'], (tx, scope, row) => wake(process, tx, scope, row))
    },
    over: (_life, store) => hasEnded(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

export const sleep = (process: Process, platform: PlatformId) =>
  inState(process, platform, ['ready'], async (tx, scope, row) => {
    const asked = tx.selectFrom('tasks').select('id').where('kind', '=', 'platform.hibernate')
    if (!(await asked.executeTakeFirst())) await hibernate(process, tx, scope, row)
  })

/** Asks for something of a platform in one of these states; in another it was asked for already. */
export async function inState(
  process: Process,
  platform: PlatformId,
  states: readonly string[],
  work: (tx: Tx, scope: Scope, row: PlatformRow) => Promise<unknown>,
): Promise<void> {
  await process.request(platform, async (tx, scope) => {
    const row = await getPlatform(tx, scope, platform)
    if (states.includes(row.state)) await work(tx, scope, row)
  })
}

export async function lastTask(store: Store): Promise<string | undefined> {
  const task = store.read.selectFrom('tasks').select('kind').orderBy('id', 'desc')
  return (await task.executeTakeFirst())?.kind
}

export async function isAsleep(store: Store): Promise<boolean> {
  return (await stateOf(store, await found(store))) === 'hibernated' && (await noTask(store))
}

export async function noTask(store: Store): Promise<boolean> {
  const open = store.read.selectFrom('tasks').select('id').where('ended_at', 'is', null)
  return (await open.executeTakeFirst()) === undefined
}

export async function hasEnded(store: Store, machines: number): Promise<boolean> {
  return (await isReady(store, machines)) && (await noTask(store))
}
