// A quorum that is lost and founded anew, cut at every boundary: it is founded once, and everybody is of the new one.

import type { Store } from '../../src/store/store.ts'
import { expectNoProblem, named, turnOff } from './harm.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { built, found, type Shape } from './operations.ts'
import { allWell, choose } from './resolving.ts'
import { hasEnded } from './resting.ts'
import type { MemoryOperation } from './start.ts'

/** The machines of `dead` are gone for good, and a person gives up what they knew. */
export function refounded(shape: Shape, dead: readonly string[]): MemoryOperation {
  return {
    name: `found anew without ${dead.join(' and ')}`,
    async prepare(life, process) {
      const platform = await built(process, shape)
      for (const slot of dead) await life.vanish(slot)
      await named(life, process, 'quorum_lost')
      return platform
    },
    async act(_life, process, platform) {
      if (platform) await choose(process, platform, 'quorum_lost', 'refound')
    },
    over: (_life, store) => hasEnded(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
      const left = (await life.living()).filter(({ key }) => dead.some((slot) => key.endsWith(`/${slot}@1`)))
      if (left.length > 0) throw new Error(`${left.map(({ key }) => key).join()} came back`)
      const steps = store.read.selectFrom('records').select('key').where('mode', '=', 'once').orderBy('key')
      const founded = (await steps.execute()).map(({ key }) => key).filter((key) => !key.startsWith('op/'))
      if (founded.join() !== 'script/found,script/found#2') throw new Error(`founded by ${founded.join()}`)
    },
  }
}

/** The machines of `dead` are off, and a person has them started again: with all that they know. */
export function restarted(shape: Shape, dead: readonly string[]): MemoryOperation {
  return {
    name: `start the lost quorum of ${dead.join(' and ')} again`,
    async prepare(life, process) {
      const platform = await built(process, shape)
      for (const slot of dead) turnOff(life, slot)
      await named(life, process, 'quorum_lost')
      return platform
    },
    async act(_life, process, platform) {
      if (platform) await choose(process, platform, 'quorum_lost', 'restore')
    },
    // Where they were seen to run before their start had an answer, that is still waited for.
    over: async (_life, store) =>
      (await allWell(store)) && (await hasEnded(store, shape.machines)) && (await nothingHalf(store)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNoProblem(store)
      await expectNothingReplaced(store)
    },
  }
}

async function nothingHalf(store: Store): Promise<boolean> {
  const half = store.read.selectFrom('records').select('key').where('attempting', 'is not', null)
  return (await half.executeTakeFirst()) === undefined
}
