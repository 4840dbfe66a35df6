// A change whose old machines are kept warm, cut at every boundary: undone in time, they serve again and are the same;
// otherwise they go when their time is over.

import { ask, expectFollowed, isThrough, published, type Version } from './changes.ts'
import { expectBuilt } from './invariants.ts'
import { built, found, isReady, type Operation, type Shape } from './operations.ts'
import type { Process } from './process.ts'

const keepMs = 600_000

/** The version with old machines kept for ten minutes. */
export function keepingWarm({ version, edit, ...rest }: Version): Version {
  return {
    ...rest,
    version,
    edit(path, text) {
      const edited = edit(path, text)
      if (path !== 'blueprint.yaml') return edited
      return /^update: \{/m.test(edited)
        ? edited.replace(/^update: \{/m, 'update: { keepWarm: 10m,')
        : `${edited}\nupdate: { strategy: replace, keepWarm: 10m }\n`
    },
  }
}

export interface Kept {
  readonly shape: Shape
  readonly version: Version
  readonly blueprint: string
  /** A slot whose machine is kept. */
  readonly slot: string
}

export function undone(kept: Kept): Operation {
  const { shape, slot } = kept
  return {
    name: 'undo of an upgrade whose machines are kept warm',
    prepare: (life, process) => upgraded(life.template.files, life.wait, process, kept),
    async act(_life, process, platform) {
      if (platform) await ask(process, platform, { kind: 'rollback' }, 2)
    },
    over: async (_life, store) => (await isThrough(store, 3)) && (await isReady(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectFollowed(store)
      const back = (await life.living()).some(({ key }) => key.endsWith(`/${slot}@1`))
      if (!back) throw new Error(`${slot}@1 was kept warm and does not serve again`)
    },
  }
}

/** From shortly before the end of their time. */
export function cooled(kept: Kept): Operation {
  const { shape } = kept
  return {
    name: 'machines kept warm go when their time is over',
    async prepare(life, process) {
      const platform = await upgraded(life.template.files, life.wait, process, kept)
      const { read } = process.store
      const members = await read
        .selectFrom('members')
        .select('warm_until')
        .where('warm_until', 'is not', null)
        .execute()
      const first = Math.min(...members.map(({ warm_until }) => warm_until ?? Number.POSITIVE_INFINITY))
      const leftMs = first - process.seams.clock.now() - 5_000
      if (leftMs < 0 || leftMs > keepMs) throw new Error(`nobody is kept warm, or not any more: ${leftMs} ms`)
      await life.wait(process.seams.clock.sleep(leftMs))
      return platform
    },
    act: async () => undefined,
    over: async (_life, store) => (await isThrough(store, 2)) && (await isReady(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      await expectFollowed(store)
    },
  }
}

type Files = Parameters<typeof published>[1]

async function upgraded(files: Files, wait: <T>(work: Promise<T>) => Promise<T>, process: Process, kept: Kept) {
  const platform = await built(process, kept.shape)
  await wait(published(process, files, kept.version))
  await wait(ask(process, platform, { kind: 'change', blueprint: kept.blueprint }, 1))
  await process.run((store) => isThrough(store, 2))
  return platform
}
