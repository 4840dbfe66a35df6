// Stopped by a person in the middle of a build, and what comes after: both are cut at every boundary as well.

import type { PlatformId, TaskId } from '../../src/kernel/ids.ts'
import { goOn } from '../../src/resources/platforms/going-on.ts'
import { getPlatform } from '../../src/resources/platforms/store.ts'
import { cancelTask, createTask } from '../../src/resources/tasks/index.ts'
import type { Db, Store } from '../../src/store/store.ts'
import { expectBuilt, expectDeleted, expectNothingReplaced } from './invariants.ts'
import { found, isReady, type Operation, platformName, platformOf, type Shape } from './operations.ts'
import { type Process, stateOf } from './process.ts'

/** Built half-way, cancelled, idle for a while, resumed, ready. */
export function resumed(shape: Shape): Operation {
  return {
    name: 'cancel in mid-build, then resume',
    prepare: async () => null,
    async act(_life, process) {
      const platform = await held(process, shape)
      if (platform !== undefined) await resume(process, platform)
    },
    over: (_life, store) => isReady(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    async expectUnharmed(store) {
      await expectNothingReplaced(store)
      expectTasks(await tasksOf(store), ['cancelled', 'done'])
    },
  }
}

/** Built half-way, cancelled, idle for a while, deleted. */
export function heldThenDeleted(shape: Shape): Operation {
  return {
    name: 'cancel in mid-build, then delete',
    prepare: async () => null,
    async act(_life, process) {
      const platform = await asked(process, shape)
      await held(process, shape)
      if ((await stateOf(process.store, platform)) !== 'deleted') await process.remove(platform)
    },
    async over(_life, store) {
      const platform = await platformOf(store)
      return platform !== undefined && (await stateOf(store, platform)) === 'deleted'
    },
    async expect(life, store) {
      await expectDeleted(life, store, await found(store))
    },
    async expectUnharmed(store) {
      expectTasks(await tasksOf(store), ['cancelled'])
    },
  }
}

/** Asked for; wherever that was cut, the next process cancels, and resumes: so each moment of a build is one of a cancel. */
export function stoppedAnywhere(shape: Shape): Operation {
  return {
    name: 'cancel at any moment of a build, then resume',
    prepare: async () => null,
    async act(_life, process) {
      const known = await platformOf(process.store)
      const platform = await asked(process, shape)
      if (known === undefined) return
      await cancel(process, platform)
      await idle(process, platform)
      await resume(process, platform)
    },
    over: (_life, store) => isReady(store, shape.machines),
    async expect(life, store) {
      await expectBuilt(life, store, await found(store), shape.machines)
    },
    expectUnharmed: expectNothingReplaced,
  }
}

/** Brings the platform to held, from wherever an earlier process left it; undefined when that is behind it already. */
async function held(process: Process, shape: Shape): Promise<PlatformId | undefined> {
  const platform = await asked(process, shape)
  if ((await openTask(process.store.read)) !== undefined) {
    await process.reaches(async (store) => {
      const attempt = await store.read.selectFrom('attempts').select('id').limit(1).executeTakeFirst()
      if (attempt !== undefined) return true
      // Plain machines run no script: the first one that is up is half of the way.
      const up = store.read.selectFrom('machines').select('id').where('state', '=', 'ready')
      return (await up.executeTakeFirst()) !== undefined
    })
    await cancel(process, platform)
  }
  if ((await stateOf(process.store, platform)) !== 'held') return undefined
  await idle(process, platform)
  return platform
}

async function asked(process: Process, shape: Shape): Promise<PlatformId> {
  const platform = (await platformOf(process.store)) ?? (await process.askOnce(platformName, shape.parameters))
  await process.request(platform, async (tx, scope) => {
    const known = await tx.selectFrom('tasks').select('id').where('kind', '=', 'platform.create').executeTakeFirst()
    if (known) return
    const row = await getPlatform(tx, scope, platform)
    const place = { tenant: row.tenant_id, project: row.project_id, platform }
    await createTask(tx, scope, process.seams, { kind: 'platform.create', ...place, generation: row.generation })
  })
  return platform
}

async function cancel(process: Process, platform: PlatformId): Promise<void> {
  await process.request(platform, async (tx, scope) => {
    // The build may end while the request is on its way.
    const task = await openTask(tx)
    if (task !== undefined) await cancelTask(tx, scope, process.seams, task)
  })
}

async function resume(process: Process, platform: PlatformId): Promise<void> {
  if ((await stateOf(process.store, platform)) !== 'held') return
  await process.request(platform, async (tx, scope) => goOn(process, tx, scope, await getPlatform(tx, scope, platform)))
}

/** What was under way has ended, and for a minute after that nothing is begun. */
async function idle(process: Process, platform: PlatformId): Promise<void> {
  if ((await stateOf(process.store, platform)) !== 'held') return
  await process.reaches(async (store) => (await begun(store)).every((attempt) => attempt.ended_at !== null))
  const before = [...(await begun(process.store)), ...(await sent(process.store))]
  await process.seams.clock.sleep(60_000)
  const after = [...(await begun(process.store)), ...(await sent(process.store))]
  if (after.length !== before.length) throw new Error('something was begun while the platform was held')
}

const begun = (store: Store) => store.read.selectFrom('attempts').select('ended_at').execute()
const sent = (store: Store) =>
  store.read.selectFrom('machines').select('id').where('create_sent_at', 'is not', null).execute()

async function openTask(db: Db): Promise<TaskId | undefined> {
  const row = await db
    .selectFrom('tasks')
    .select('id')
    .where('kind', '=', 'platform.create')
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return row?.id
}

async function tasksOf(store: Store): Promise<string[]> {
  const rows = await store.read.selectFrom('tasks').select('state').orderBy('id').execute()
  return rows.map((row) => row.state)
}

/** As wanted; or it was built before anybody could cancel it. */
function expectTasks(states: readonly string[], wanted: readonly string[]): void {
  if (states.join() === 'done') return
  if (states.join() !== wanted.join()) throw new Error(`tasks ended ${states.join()}, not ${wanted.join()}`)
}
