// A platform that falls asleep is disturbed by people as well: paused, gone on with and woken, wherever it is.

import type { Scope } from '../../src/access/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { hibernate, pause, wake } from '../../src/resources/platforms/rest.ts'
import { getPlatform, type PlatformRow } from '../../src/resources/platforms/store.ts'
import type { Store, Tx } from '../../src/store/store.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { built, found, isReady, type Operation, type Shape } from './operations.ts'
import { type Process, stateOf } from './process.ts'

/** Asked to sleep, and to wake by the process after the crash, wherever that was; between the two it is paused and goes on. */
export function sleptAnywhere(shape: Shape): Operation {
  return {
    name: 'hibernate; at any moment of it pause, go on and wake',
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (platform === null) return
      const cut = (await tasksOf(process.store)).length > 0
      const state = await stateOf(process.store, platform)
      if (!cut) await ask(process, platform, hibernate)
      else if (state !== 'hibernated' && (await isAsleep(process.store))) {
        await ask(process, platform, pause)
        await ask(process, platform, goOn)
        await ask(process, platform, wake)
      } else if (await isAsleep(process.store)) await ask(process, platform, wake)
    },
    async over(_life, store) {
      if (await isAwake(store, shape)) return true
      return (await stateOf(store, await found(store))) === 'hibernated'
    },
    async expect(life, store) {
      if ((await stateOf(store, await found(store))) === 'hibernated') return
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectNothingReplaced(store)
    },
  }
}

type Wish = (process: Process, tx: Tx, scope: Scope, row: PlatformRow) => Promise<unknown>

function ask(process: Process, platform: PlatformId, wish: Wish): Promise<unknown> {
  return process.request(platform, async (tx, scope) =>
    wish(process, tx, scope, await getPlatform(tx, scope, platform)),
  )
}

async function isAwake(store: Store, shape: Shape): Promise<boolean> {
  return (await tasksOf(store)).includes('platform.wake') && (await isReady(store, shape.machines))
}

async function isAsleep(store: Store): Promise<boolean> {
  const row = await store.read.selectFrom('hibernations').select('power').executeTakeFirst()
  return row?.power === 'off'
}

async function tasksOf(store: Store): Promise<string[]> {
  const rows = await store.read.selectFrom('tasks').select('kind').where('kind', 'like', 'platform.%').execute()
  return rows.map(({ kind }) => kind)
}
