// Machines that are lost otherwise than by being deleted, and made anew, each cut at every boundary: a host that dies with
// all it carries, a machine that hangs and is found out by its checks alone.

import { expectNoProblem, isSucceeded, loseHost, machineOf } from './harm.ts'
import type { MemoryLife } from './installation.ts'
import { expectBuilt } from './invariants.ts'
import { built, found, type Shape } from './operations.ts'
import { hasEnded } from './resting.ts'
import type { MemoryOperation } from './start.ts'

export function hostLost(shape: Shape, slot: string): MemoryOperation {
  /** Slots that were lost, by life: each has machines of its own on that host. */
  const lost = new WeakMap<MemoryLife, readonly string[]>()
  return {
    name: `lose the host of ${slot}`,
    prepare: (_life, process) => built(process, shape),
    async act(life, process, platform) {
      if (!lost.has(life)) lost.set(life, loseHost(life, slot))
      if (platform) await process.care.scanNow()
    },
    async over(life, store) {
      for (const one of lost.get(life) ?? []) if (!(await isSucceeded(store, one))) return false
      return lost.has(life) && hasEnded(store, shape.machines)
    },
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
    },
  }
}

/** Its provider says that it runs. */
export function hung(shape: Shape, slot: string): MemoryOperation {
  return {
    name: `${slot} hangs`,
    standing: { checks: true },
    parts: { checks: false },
    prepare: (_life, process) => built(process, shape),
    async act(life) {
      const machine = machineOf(life, slot)
      if (machine) life.world.kill(machine, 'silent')
    },
    over: async (_life, store) => (await isSucceeded(store, slot)) && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
    },
  }
}
