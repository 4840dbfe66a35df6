// A platform follows its blueprint by itself, from shortly before its window opens, cut at every boundary: to the newest
// version within what it follows, once, and to none when that is taken back before it was begun.

import { setAutoUpgrade, setWindow } from '../../src/resources/terms/index.ts'
import type { Store } from '../../src/store/store.ts'
import { isThrough, published, type Version } from './changes.ts'
import { eventsOf, expectNoProblem } from './harm.ts'
import type { MemoryLife } from './installation.ts'
import { expectBuilt, expectNothingReplaced } from './invariants.ts'
import { daily } from './keeping.ts'
import { built, found, type Shape } from './operations.ts'
import { stateOf } from './process.ts'
import { noTask } from './resting.ts'
import type { MemoryOperation } from './start.ts'

const minute = 60_000
/** An upgrade takes longer than that, and goes through all the same. */
const windowSeconds = 60

export interface Following {
  readonly shape: Shape
  readonly follow: 'patch' | 'minor'
  /** What it is to become. */
  readonly to: Version
  /** Newer, and beyond what it follows. */
  readonly beyond: Version
}

/** It becomes that version, and no other. */
export function followed(wanted: Following): MemoryOperation {
  const { shape, follow, to } = wanted
  return {
    ...fromBeforeItsWindow(wanted),
    name: `automatic upgrade within a ${follow}`,
    act: async () => undefined,
    over: (_life, store) => isThrough(store, 2),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectBegun(store, to.version)
      await expectNoProblem(store)
    },
  }
}

/** Wherever it was cut, the next process is told to follow nothing: what was begun goes through, and nothing else begins. */
export function followedNoMore(wanted: Following): MemoryOperation {
  const { shape, to } = wanted
  /** Lives that a process has begun to act in. */
  const begun = new WeakSet<MemoryLife>()
  return {
    ...fromBeforeItsWindow(wanted),
    name: 'automatic upgrade that is set to none at any moment',
    async act(life, process, platform) {
      if (begun.has(life) && platform) await process.request(platform, (tx) => setAutoUpgrade(tx, platform, none))
      begun.add(life)
    },
    async over(life, store) {
      const { generation, follows } = await wishOf(store)
      if (generation > 1) return isThrough(store, 2)
      const ready = (await stateOf(store, await found(store))) === 'ready' && (await noTask(store))
      return ready && !follows && life.clock.now() > (opened.get(life) ?? 0) + windowSeconds * 1000
    },
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      if ((await wishOf(store)).generation > 1) await expectBegun(store, to.version)
      else await expectNothingReplaced(store)
      await expectNoProblem(store)
    },
  }
}

const none = { follow: 'none' } as const

/** When its window opens, by life; ms since 1970. */
const opened = new WeakMap<MemoryLife, number>()

function fromBeforeItsWindow({ shape, follow, to, beyond }: Following): Pick<MemoryOperation, 'standing' | 'prepare'> {
  return {
    standing: { keeper: true },
    async prepare(life, process) {
      const platform = await built(process, shape)
      const at = Math.ceil((process.seams.clock.now() + 10_000) / minute) * minute
      opened.set(life, at)
      const window = { opens: daily(at), durationSeconds: windowSeconds, timeZone: 'UTC' }
      await life.wait(
        process.request(platform, async (tx) => {
          await setWindow(tx, platform, window)
          await setAutoUpgrade(tx, platform, { follow })
        }),
      )
      for (const version of [to, beyond]) await life.wait(published(process, life.template.files, version))
      await life.wait(process.seams.clock.sleep(at - process.seams.clock.now() - 5_000))
      const early = await wishOf(process.store)
      if (early.generation !== 1) throw new Error('it was begun before its window')
      return platform
    },
  }
}

async function wishOf(store: Store): Promise<{ readonly generation: number; readonly follows: boolean }> {
  const row = await store.read
    .selectFrom('platforms')
    .leftJoin('auto_upgrades', 'auto_upgrades.platform_id', 'platforms.id')
    .select(['generation', 'follow'])
    .executeTakeFirstOrThrow()
  return { generation: row.generation, follows: row.follow !== null }
}

/** Told once, asked for by nobody, and what everybody follows now. */
async function expectBegun(store: Store, version: string): Promise<void> {
  const told = (await eventsOf(store, await found(store), 'upgrade.begun')).map(({ data }) => JSON.parse(data).to)
  if (told.join() !== version) throw new Error(`begun was ${told.join()}, and not ${version}`)
  const follows = await store.read
    .selectFrom('platforms')
    .innerJoin('blueprints', 'blueprints.digest', 'platforms.blueprint_digest')
    .select('blueprint_version')
    .executeTakeFirstOrThrow()
  if (follows.blueprint_version !== version) throw new Error(`it follows ${follows.blueprint_version}`)
  const behind = store.read.selectFrom('members').select('id').where('state', '!=', 'gone').where('revision', '!=', 2)
  if (await behind.executeTakeFirst()) throw new Error('not everybody follows it')
}
