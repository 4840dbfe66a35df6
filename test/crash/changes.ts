// Changes of a platform that lives, each cut at every boundary: grown, shrunk, changed in place, replaced, taken back.

import type { BlueprintFiles } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type ChangeWish, requestChange } from '../../src/resources/platforms/changing.ts'
import { tryAgain } from '../../src/resources/platforms/going-on.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import type { Store } from '../../src/store/store.ts'
import { publish } from '../support/changing.ts'
import type { Life } from './installation.ts'
import { expectBuilt } from './invariants.ts'
import { built, found, type Operation, type Shape } from './operations.ts'
import { type Parts, type Process, stateOf } from './process.ts'

/** Another version of the blueprint: its name, and what of its files differs. */
export interface Version {
  readonly version: string
  readonly edit: (path: string, text: string) => string
  /** Files that the others lack. */
  readonly adds?: BlueprintFiles
}

export interface Changed {
  readonly name: string
  /** Before, with what there is then. */
  readonly shape: Shape
  /** Done before the starting point, one after another. */
  readonly before?: readonly ChangeWish[]
  readonly versions?: readonly Version[]
  readonly wish: ChangeWish
  /** Machines when it is through, COUNT; as many as before. */
  readonly machines?: number
  readonly kinds?: number
}

/** The change is asked for once, and everybody follows it when it is through. */
export function changed(wanted: Changed): Operation {
  const { shape, before = [], versions = [], wish, machines = shape.machines } = wanted
  const first = before.length + 1
  return {
    name: wanted.name,
    ...(wanted.kinds !== undefined && { kinds: wanted.kinds }),
    async prepare(life, process) {
      const platform = await built(process, shape)
      for (const version of versions) await life.wait(published(process, life.template.files, version))
      for (const [index, earlier] of before.entries()) {
        await life.wait(ask(process, platform, earlier, index + 1))
        await process.run((store) => isThrough(store, index + 2))
      }
      return platform
    },
    async act(_life, process, platform) {
      if (platform) await ask(process, platform, wish, first)
    },
    over: (_life, store) => isThrough(store, first + 1),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), machines)
      await expectFollowed(store)
    },
  }
}

/** A change, and another one in its middle, when its first wave is under way. */
export function changedInMidway(wanted: Changed, then: ChangeWish): Operation {
  const { shape, versions = [], wish, machines = shape.machines } = wanted
  return {
    name: wanted.name,
    async prepare(life, process) {
      const platform = await built(process, shape)
      for (const version of versions) await life.wait(published(process, life.template.files, version))
      return platform
    },
    async act(_life, process, platform) {
      if (!platform) return
      await ask(process, platform, wish, 1)
      await process.reaches(async (store) => (await generationOf(store)) > 2 || (await hasWave(store)))
      await ask(process, platform, then, 2)
    },
    over: (_life, store) => isThrough(store, 3),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), machines)
      await expectFollowed(store)
    },
  }
}

/** A change that was stopped by a step that failed for good is tried again, once the cause is mended. */
export function retried(wanted: Changed, failing: Parts): Operation {
  return {
    ...stopped(wanted, failing),
    async act(_life, process, platform) {
      if (platform) await retry(process, platform)
    },
    over: (_life, store) => isThrough(store, 2),
  }
}

/** The way back from it. */
export function takenBack(wanted: Changed, failing: Parts): Operation {
  return {
    ...stopped(wanted, failing),
    async act(_life, process, platform) {
      if (platform) await ask(process, platform, { kind: 'rollback' }, 2)
    },
    over: (_life, store) => isThrough(store, 3),
  }
}

/** What begins where a change has stopped. */
function stopped({ name, shape, versions = [], wish }: Changed, failing: Parts) {
  return {
    name,
    parts: failing,
    async prepare(life: Life, process: Process) {
      const platform = await built(process, shape)
      for (const version of versions) await life.wait(published(process, life.template.files, version))
      await life.wait(ask(process, platform, wish, 1))
      await process.run(async (store) => (await stateOf(store, platform)) === 'blocked')
      return platform
    },
    async expect(life: Life, store: Store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectFollowed(store)
    },
  }
}

/** Tries again what is blocked; nothing when nothing is. */
export async function retry(process: Process, platform: PlatformId): Promise<void> {
  if ((await stateOf(process.store, platform)) !== 'blocked') return
  await process.request(platform, async (tx, scope) => {
    const row = await getPlatform(tx, scope, platform)
    if (row.state === 'blocked') await tryAgain(process, tx, scope, row)
  })
}

export async function published(
  process: Process,
  files: BlueprintFiles,
  { version, edit, adds }: Version,
): Promise<void> {
  await publish(process, { ...files, ...adds }, version, edit)
}

/** Asked for while the platform is at `generation`; later it was asked for already. */
export async function ask(process: Process, platform: PlatformId, wish: ChangeWish, generation: number): Promise<void> {
  await process.request(platform, async (tx, scope) => {
    const row = await getPlatform(tx, scope, platform)
    if (row.generation === generation) await requestChange(process, tx, scope, row, wish)
  })
}

async function generationOf(store: Store): Promise<number> {
  return (await platformRow(store)).generation
}

function platformRow(store: Store) {
  return store.read.selectFrom('platforms').select(['generation', 'state']).executeTakeFirstOrThrow()
}

async function hasWave(store: Store): Promise<boolean> {
  const wave = store.read.selectFrom('decisions').select('id').where('kind', '=', 'wave')
  return (await wave.executeTakeFirst()) !== undefined
}

export async function isThrough(store: Store, generation: number): Promise<boolean> {
  const row = await platformRow(store)
  if (row.state !== 'ready' || row.generation !== generation) return false
  const open = await store.read.selectFrom('tasks').select('id').where('ended_at', 'is', null).executeTakeFirst()
  return open === undefined
}

/** Everybody follows the last wish, which is settled, its task is done, and nothing is kept for the way. */
export async function expectFollowed(store: Store): Promise<void> {
  const { generation } = await platformRow(store)
  const { read } = store
  const members = await read.selectFrom('members').select(['state', 'revision']).where('state', '!=', 'gone').execute()
  if (members.some(({ state, revision }) => state !== 'in' || revision !== generation))
    throw new Error(`not everybody follows ${generation}: ${JSON.stringify(members)}`)
  const revision = await read
    .selectFrom('revisions')
    .select('settled_at')
    .where('number', '=', generation)
    .executeTakeFirst()
  if (!revision?.settled_at) throw new Error(`revision ${generation} is not settled`)
  const task = await read.selectFrom('tasks').select(['kind', 'state']).orderBy('id', 'desc').executeTakeFirst()
  if (task?.state !== 'done') throw new Error(`the last task is ${task?.state}`)
}
