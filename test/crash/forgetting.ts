// A platform whose deletion does not come to an end is let go, cut at every boundary. What was left is told, and goes when
// it is seen: in the end there is nothing, and the receipt is true.

import type { PlatformId } from '../../src/kernel/ids.ts'
import { forgetPlatform } from '../../src/resources/platforms/problems.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import type { Store } from '../../src/store/store.ts'
import { meddled, refused } from './calls.ts'
import { eventsOf } from './harm.ts'
import type { MemoryLife } from './installation.ts'
import { expectDeleted } from './invariants.ts'
import { built, found, type Shape } from './operations.ts'
import { type Process, stateOf } from './process.ts'
import type { MemoryOperation } from './start.ts'

/** From a deletion that the provider refuses; later it destroys again. */
export function forgotten(shape: Shape): MemoryOperation {
  return {
    name: 'forget',
    parts: meddled({
      async call({ kind, about, act }) {
        if (kind === 'destroy') throw refused(about)
        return act()
      },
    }),
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(process.remove(platform))
      await process.run(async ({ read }) => {
        const blocked = read.selectFrom('records').select('key').where('status', '=', 'blocked')
        return (await blocked.execute()).length === shape.machines
      })
      return platform
    },
    async act(_life, process, platform) {
      if (platform) await forget(process, platform)
    },
    over: (life, store) => isNothingLeft(life, store),
    async expect(life, store) {
      const platform = await found(store)
      await expectDeleted(life, store, platform)
      const told = (await eventsOf(store, platform, 'platform.forgotten')).map(
        ({ data }) => JSON.parse(data).left.length,
      )
      if (told.join() !== `${shape.machines}`)
        throw new Error(`told what is left: ${told.join()}, not ${shape.machines}`)
    },
  }
}

/** Deleted; wherever that was cut, the next process lets go of what is left: so each moment of a deletion is one of it. */
export function forgottenAnywhere(shape: Shape): MemoryOperation {
  return {
    name: 'delete; at any moment of it forget',
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (platform === null) return
      if ((await stateOf(process.store, platform)) === 'ready') await process.remove(platform)
      else await forget(process, platform)
    },
    over: (life, store) => isNothingLeft(life, store),
    async expect(life, store) {
      await expectDeleted(life, store, await found(store))
    },
  }
}

async function forget(process: Process, platform: PlatformId): Promise<void> {
  await process.request(platform, async (tx, scope) => {
    const { state } = await getPlatform(tx, scope, platform)
    if (state === 'deleting') await forgetPlatform(process, tx, scope, platform, 'its provider is gone')
  })
}

/** Also of what was let go: where it was seen again, its receipt is closed by what was seen then. */
async function isNothingLeft(life: MemoryLife, store: Store): Promise<boolean> {
  if ((await stateOf(store, await found(store))) !== 'deleted' || (await life.living()).length > 0) return false
  const reopened = store.read.selectFrom('receipt_objects').select('resource_key').where('reopened_at', 'is not', null)
  return (await reopened.executeTakeFirst()) === undefined
}
