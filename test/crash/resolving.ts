// What a person chooses for a named problem, cut at every boundary: to hear no more of it, a new machine, or to go on.

import type { PlatformId } from '../../src/kernel/ids.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { resolveNamed } from '../../src/resources/platforms/problems.ts'
import { pause } from '../../src/resources/platforms/rest.ts'
import type { Store } from '../../src/store/store.ts'
import { alter, expectNoProblem, isSucceeded, named, openProblems, turnOff, turnOn } from './harm.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { built, found, isReady, type Shape } from './operations.ts'
import type { Process } from './process.ts'
import { hasEnded, inState } from './resting.ts'
import type { MemoryOperation } from './start.ts'

type Resolution = Parameters<typeof resolveNamed>[5]

/** Chooses for the open problem of this code; nothing when there is none: it was chosen for already. */
export async function choose(process: Process, platform: PlatformId, code: string, resolution: Resolution) {
  const problem = (await openProblems(process.store)).find((open) => open.code === code)
  if (problem === undefined) return
  await process.request(platform, async (tx, scope) => {
    const open = tx.selectFrom('problems').select('id').where('id', '=', problem.id).where('resolved_at', 'is', null)
    if (await open.executeTakeFirst()) await resolveNamed(process, tx, scope, platform, problem.id, resolution)
  })
}

/** A machine that somebody changed stays as it is, and is told no more. */
export function ignored(shape: Shape, slot: string): MemoryOperation {
  return {
    name: `ignore that ${slot} was changed`,
    kinds: 4,
    async prepare(life, process) {
      const platform = await built(process, shape)
      alter(life, slot)
      await named(life, process, 'machine_changed')
      return platform
    },
    async act(_life, process, platform) {
      if (!platform) return
      await choose(process, platform, 'machine_changed', 'ignore')
      await process.seams.clock.sleep(30_000)
    },
    over: async (_life, store) => (await isResolved(store, 'ignore')) && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
      await expectNothingReplaced(store)
    },
  }
}

/** It is made anew because a person says so. */
export function recreated(shape: Shape, slot: string): MemoryOperation {
  return {
    ...ignored(shape, slot),
    name: `recreate ${slot}, which was changed`,
    kinds: 6,
    async act(_life, process, platform) {
      if (platform) await choose(process, platform, 'machine_changed', 'recreate')
    },
    over: async (_life, store) => (await isSucceeded(store, slot)) && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
    },
  }
}

/** A machine that stands still is waited for, as a person wants it; later it runs again, and is the same one. */
export function waitedFor(shape: Shape, slot: string): MemoryOperation {
  return {
    name: `ignore that ${slot} is dead until it is back`,
    kinds: 4,
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(inState(process, platform, ['ready'], (tx, scope, row) => pause(process, tx, scope, row)))
      turnOff(life, slot)
      await named(life, process, 'machine_dead')
      return platform
    },
    async act(life, process, platform) {
      if (!platform) return
      await choose(process, platform, 'machine_dead', 'ignore')
      await inState(process, platform, ['paused'], (tx, scope, row) => goOn(process, tx, scope, row))
      await process.seams.clock.sleep(30_000)
      turnOn(life, slot)
    },
    over: async (_life, store) =>
      (await isReady(store, shape.machines)) && (await hasEnded(store, shape.machines)) && (await allWell(store)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
      await expectNothingReplaced(store)
    },
  }
}

/** It is started anew because a person says so, and is the same one; whom its provider does not start is replaced. */
export function rebooted(shape: Shape, slot: string): MemoryOperation {
  return {
    ...waitedFor(shape, slot),
    name: `reboot ${slot}, which is off`,
    kinds: 6,
    async act(_life, process, platform) {
      if (!platform) return
      // In another state it was chosen already: a machine that is being started is dead until it is seen to run.
      await inState(process, platform, ['paused'], async (tx, scope, row) => {
        const dead = tx.selectFrom('problems').select('id').where('code', '=', 'machine_dead')
        const { id } = await dead.where('resolved_at', 'is', null).executeTakeFirstOrThrow()
        await resolveNamed(process, tx, scope, platform, id, 'reboot')
        await goOn(process, tx, scope, row)
      })
    },
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** The guard against repairing too much at once holds a repair back, until a person says to go on. */
export function unguarded(shape: Shape, slot: string): MemoryOperation {
  return {
    name: `retry what a meltdown held back: ${slot}`,
    standing: { meltdown: { fraction: 0.2, windowMs: 600_000, minimum: 0 } },
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.vanish(slot)
      await named(life, process, 'meltdown')
      return platform
    },
    async act(_life, process, platform) {
      if (platform) await choose(process, platform, 'meltdown', 'retry')
    },
    over: async (_life, store) => (await isSucceeded(store, slot)) && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
    },
  }
}

async function isResolved(store: Store, resolution: string): Promise<boolean> {
  const row = store.read.selectFrom('problems').select('id').where('resolution', '=', resolution)
  return (await row.executeTakeFirst()) !== undefined
}

export async function allWell(store: Store): Promise<boolean> {
  const there = store.read.selectFrom('machines').select('id').where('state', '!=', 'deleted')
  const ill = there.where('missing_since', 'is not', null)
  return (await ill.executeTakeFirst()) === undefined
}
