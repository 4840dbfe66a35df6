// How long finished work took. Written where a task ends, so that no end can be missed or counted twice.

import type { TaskTable } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/** So many are kept of each blueprint and kind of task, COUNT. */
export const keptDurations = 1000

/** Remembers a task of a platform's wish that is done at `now`; operations take as long as their scripts and are not counted. */
export async function recordDuration(tx: Tx, task: TaskTable, now: number): Promise<void> {
  if (task.operation !== null) return
  const platform = await tx
    .selectFrom('platforms')
    .innerJoin('blueprints', 'blueprints.digest', 'platforms.blueprint_digest')
    .select(['blueprints.name', 'blueprints.blueprint_version'])
    .where('platforms.id', '=', task.platform_id)
    .executeTakeFirst()
  if (!platform) return
  const began = task.started_at ?? task.created_at
  const there = await tx
    .selectFrom('machines')
    .innerJoin('providers', 'providers.id', 'machines.provider_id')
    .select((of) => ['providers.kind', of.fn.countAll<number>().as('machines')])
    .where('machines.platform_id', '=', task.platform_id)
    .where((of) => of.or([of('gone_at', 'is', null), of('gone_at', '>=', began)]))
    .groupBy('providers.kind')
    .orderBy('providers.kind')
    .execute()
  await tx
    .insertInto('durations')
    .values({
      task_id: task.id,
      blueprint: platform.name,
      blueprint_version: platform.blueprint_version,
      kind: task.kind,
      provider_kinds: JSON.stringify(there.map(({ kind }) => kind)),
      machines: there.reduce((sum, { machines }) => sum + Number(machines), 0),
      seconds: Math.max(0, now - began) / 1000,
      ended_at: now,
    })
    .execute()
  await forgetOldest(tx, platform.name, task.kind)
}

async function forgetOldest(tx: Tx, blueprint: string, kind: string): Promise<void> {
  const tooMany = await tx
    .selectFrom('durations')
    .select('task_id')
    .where('blueprint', '=', blueprint)
    .where('kind', '=', kind)
    .orderBy('ended_at', 'desc')
    .orderBy('task_id', 'desc')
    .limit(100)
    .offset(keptDurations)
    .execute()
  const ids = tooMany.map(({ task_id }) => task_id)
  if (ids.length > 0) await tx.deleteFrom('durations').where('task_id', 'in', ids).execute()
}
