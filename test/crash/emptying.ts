// A host is emptied, cut at every boundary: its machines end up elsewhere, each once, and it is told that it is empty.

import { startMaintenance } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { setWindow } from '../../src/resources/terms/index.ts'
import type { Store } from '../../src/store/store.ts'
import { expectBuilt } from './invariants.ts'
import { daily } from './keeping.ts'
import { built, found, isReady, type Operation, type Shape } from './operations.ts'
import type { Process } from './process.ts'

const hour = 3_600_000
/** From the request to the deadline. */
const noticeMs = 120_000

/** Puts the host of `slot` in maintenance. */
export function emptied(shape: Shape, slot: string): Operation {
  return {
    ...ending(shape),
    name: `empty the host of ${slot}`,
    prepare: (_life, process) => built(process, shape),
    async act(_life, process, platform) {
      if (platform !== null) await ask(process, platform, slot, null)
    },
  }
}

/**
 * The same with a deadline, of a platform whose window opens hours later: from shortly before the deadline, when everybody
 * still stays, to when it has passed and nobody waits for the window any more.
 */
export function emptiedByDeadline(shape: Shape, slot: string): Operation {
  return {
    ...ending(shape),
    name: `empty the host of ${slot} by a deadline`,
    async prepare(life, process) {
      const platform = await built(process, shape)
      const now = process.seams.clock.now()
      const window = { opens: daily(now + 8 * hour), durationSeconds: 3_600, timeZone: 'UTC' }
      await life.wait(process.request(platform, (tx) => setWindow(tx, platform, window)))
      await life.wait(ask(process, platform, slot, now + noticeMs))
      await life.wait(process.seams.clock.sleep(noticeMs - 5_000))
      return platform
    },
    act: async () => undefined,
    async expect(life, store) {
      await ending(shape).expect(life, store)
      const { deadline_at } = await store.read.selectFrom('maintenances').selectAll().executeTakeFirstOrThrow()
      const decided = store.read.selectFrom('decisions').select('subject').where('reason', '=', 'maintenance')
      const early = await decided.where('at', '<', deadline_at).execute()
      if (early.length > 0) throw new Error(`${early.map(({ subject }) => subject).join()} went before the deadline`)
    },
  }
}

async function ask(process: Process, platform: PlatformId, slot: string, deadlineAt: number | null): Promise<void> {
  await process.request(platform, async (tx) => {
    // A request that was not acknowledged is asked again, for the same host.
    const asked = await tx.selectFrom('maintenances').select('id').executeTakeFirst()
    if (asked) return
    const { provider_id: provider, host } = await tx
      .selectFrom('machines')
      .select(['provider_id', 'host'])
      .where('member', '=', `${slot}@1`)
      .executeTakeFirstOrThrow()
    if (host === null) throw new Error(`${slot} is on no host`)
    await startMaintenance(tx, process.seams, { provider, host }, { actor: 'test', reason: null, deadlineAt })
  })
}

function ending(shape: Shape): Pick<Operation, 'over' | 'expect'> {
  return {
    over: async (_life, store) => (await emptyHost(store)) !== null && (await isReady(store, shape.machines)),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
      const there = store.read.selectFrom('machines').select('member').where('state', '!=', 'deleted')
      const left = await there.where('host', '=', await emptyHost(store)).execute()
      if (left.length > 0) throw new Error(`${left.map(({ member }) => member).join()} are still there`)
      const successors = await store.read
        .selectFrom('members')
        .select('id')
        .where('cause', '=', 'maintenance')
        .execute()
      if (successors.length === 0) throw new Error('nobody was moved')
    },
  }
}

async function emptyHost(store: Store): Promise<string | null> {
  const row = store.read.selectFrom('maintenances').select('host').where('emptied_at', 'is not', null)
  return (await row.executeTakeFirst())?.host ?? null
}
