// The operations a sweep cuts at every boundary: each brings a life to its starting point untouched, acts,
// and knows when it has ended and what must be true then.

import type { Json } from '../../src/kernel/canonical.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Store } from '../../src/store/store.ts'
import type { Life } from './installation.ts'
import { expectBuilt, expectDeleted, expectNothingReplaced } from './invariants.ts'
import { type Parts, type Process, stateOf } from './process.ts'

export interface Shape {
  readonly parameters: Readonly<Record<string, Json>>
  readonly machines: number
}

/** `L`: what of a life it needs; those that harm machines need its world. */
export interface Operation<L extends Life = Life> {
  readonly name: string
  /** What every process of its life has, e.g. checks. */
  readonly standing?: Parts
  /** Wrong things on the way to its starting point alone. */
  readonly parts?: Parts
  /** Kinds of boundaries its life passes at least; 6 where providers and machines are called. */
  readonly kinds?: number
  /** Uncounted: whatever comes before. */
  prepare(life: L, process: Process): Promise<PlatformId | null>
  /** Counted from here on. Must be safe to ask again after a crash, as a user would. */
  act(life: L, process: Process, platform: PlatformId | null): Promise<void>
  over(life: L, store: Store): Promise<boolean>
  expect(life: L, store: Store): Promise<void>
  /** And where nothing but Gantry itself failed. */
  expectUnharmed?(store: Store): Promise<void>
  /** What a person asks for when it has failed; the retry of what is blocked when there is nothing of its own. */
  again?(process: Process, platform: PlatformId): Promise<void>
}

export const platformName = 'team-a'

export async function platformOf(store: Store): Promise<PlatformId | undefined> {
  const row = await store.read.selectFrom('platforms').select('id').where('name', '=', platformName).executeTakeFirst()
  return row?.id
}

export async function isReady(store: Store, machines: number): Promise<boolean> {
  const platform = await platformOf(store)
  if (platform === undefined || (await stateOf(store, platform)) !== 'ready') return false
  const { count } = await store.read
    .selectFrom('machines')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('platform_id', '=', platform)
    .where('state', '!=', 'deleted')
    .executeTakeFirstOrThrow()
  return count === machines
}

export function build(shape: Shape): Operation {
  return {
    name: 'build',
    prepare: async () => null,
    async act(_life, process) {
      // A request that was not acknowledged is asked again; one that was, is not.
      if ((await platformOf(process.store)) === undefined) await process.askOnce(platformName, shape.parameters)
    },
    over: (_life, store) => isReady(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** Asked for, and deleted by the process after the crash: from whatever state the first one left it in. */
export function abandon(shape: Shape): Operation {
  return {
    name: 'delete in mid-build',
    prepare: async () => null,
    async act(_life, process) {
      const platform = await platformOf(process.store)
      if (platform === undefined) await process.askOnce(platformName, shape.parameters)
      else await process.remove(platform)
    },
    async over(_life, store) {
      const platform = await platformOf(store)
      return platform !== undefined && ['ready', 'deleted'].includes(await stateOf(store, platform))
    },
    async expect(life, store) {
      const platform = await found(store)
      if ((await stateOf(store, platform)) === 'deleted') await expectDeleted(life, store, platform)
      else await expectBuilt(life, store, platform, shape.machines)
    },
  }
}

export function replace(shape: Shape, slot: string): Operation {
  return {
    name: `replace ${slot}`,
    prepare: (_life, process) => built(process, shape),
    async act(life, process, platform) {
      await life.vanish(slot)
      if (platform) await process.care.scanNow()
    },
    async over(_life, store) {
      if (!(await isReady(store, shape.machines))) return false
      const successor = await store.read
        .selectFrom('machines')
        .select('state')
        .where('member', '=', `${slot}@2`)
        .executeTakeFirst()
      return successor?.state === 'ready'
    },
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
  }
}

export function remove(shape: Shape): Operation {
  return {
    name: 'delete',
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (platform) await process.remove(platform)
    },
    async over(_life, store) {
      return (await stateOf(store, await found(store))) === 'deleted'
    },
    async expect(life, store) {
      await expectDeleted(life, store, await found(store))
    },
  }
}

export async function built(process: Process, shape: Shape): Promise<PlatformId> {
  const platform = await process.ask(platformName, shape.parameters)
  await process.run((store) => isReady(store, shape.machines))
  return platform
}

export async function found(store: Store): Promise<PlatformId> {
  const platform = await platformOf(store)
  if (platform === undefined) throw new Error('the platform is not there')
  return platform
}
