// What the clock asks for, cut at every boundary: a lease that ends, one that is renewed too late, a schedule.

import type { PlatformId } from '../../src/kernel/ids.ts'
import { wake } from '../../src/resources/platforms/rest.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { setLease } from '../../src/resources/terms/lease.ts'
import { setSchedule } from '../../src/resources/terms/schedule.ts'
import type { Store } from '../../src/store/store.ts'
import { eventsOf } from './harm.ts'
import { expectBuilt, expectDeleted, expectNothingReplaced } from './invariants.ts'
import { built, found, type Operation, type Shape } from './operations.ts'
import { type Process, stateOf } from './process.ts'
import { hasEnded, inState, isAsleep, lastTask } from './resting.ts'

const standing = { keeper: true }
const minute = 60_000

/** From shortly before the end of a lease with a grace of two minutes: stopped, then deleted. */
export function leaseEnded(shape: Shape): Operation {
  return {
    name: 'a lease ends: hibernate, then delete',
    standing,
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(lease(process, platform, 2 * minute, 120))
      await life.wait(process.seams.clock.sleep(2 * minute - 5_000))
      return platform
    },
    act: async () => undefined,
    over: async (_life, store) => (await stateOf(store, await found(store))) === 'deleted',
    async expect(life, store) {
      const platform = await found(store)
      await expectDeleted(life, store, platform)
      for (const kind of ['lease.expired', 'lease.ended']) {
        const told = await eventsOf(store, platform, kind)
        if (told.length !== 1) throw new Error(`${kind} was told ${told.length} times`)
      }
    },
  }
}

/** Over, its machines are stopped; then it is wanted again after all, and woken. */
export function leaseRenewed(shape: Shape): Operation {
  return {
    name: 'a lease that was over is renewed, and the platform woken',
    standing,
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(lease(process, platform, minute, 86_400))
      await process.run(isAsleep)
      return platform
    },
    async act(_life, process, platform) {
      if (!platform) return
      await inState(process, platform, ['hibernated'], async (tx, scope, row) => {
        await setLease(tx, process.seams, scope.actor, row, until(process, 30 * 86_400_000, 86_400))
        await wake(process, tx, scope, row)
      })
    },
    over: async (_life, store) =>
      (await lastTask(store)) === 'platform.wake' && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** Put to sleep by its schedule at the next full minute, and woken by it two minutes later. */
export function scheduled(shape: Shape): Operation {
  return {
    name: 'a schedule hibernates and wakes',
    standing,
    async prepare(life, process) {
      const platform = await built(process, shape)
      const at = Math.ceil((process.seams.clock.now() + 10_000) / minute) * minute
      const wish = { hibernate: daily(at), wake: daily(at + 2 * minute), timeZone: 'UTC' }
      await life.wait(process.request(platform, (tx) => setSchedule(tx, platform, wish, process.seams.clock.now())))
      await life.wait(process.seams.clock.sleep(at - process.seams.clock.now() - 5_000))
      return platform
    },
    act: async () => undefined,
    over: async (_life, store) =>
      (await lastTask(store)) === 'platform.wake' && (await hasEnded(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectDue(store)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** Once a day at the minute of that moment. */
export const daily = (at: number) => `${new Date(at).getUTCMinutes()} ${new Date(at).getUTCHours()} * * *`

async function expectDue(store: Store): Promise<void> {
  const told = (await eventsOf(store, await found(store), 'schedule.due')).map(({ data }) => JSON.parse(data).action)
  if (told.join() !== 'hibernate,wake') throw new Error(`due was ${told.join()}`)
}

function until({ seams }: Process, ms: number, graceSeconds: number) {
  return { expiresAt: new Date(seams.clock.now() + ms).toISOString(), graceSeconds }
}

async function lease(process: Process, platform: PlatformId, ms: number, graceSeconds: number): Promise<void> {
  await process.request(platform, async (tx, scope) => {
    const row = await getPlatform(tx, scope, platform)
    await setLease(tx, process.seams, scope.actor, row, until(process, ms, graceSeconds))
  })
}
