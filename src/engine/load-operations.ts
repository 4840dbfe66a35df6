import { z } from 'zod'
import { planOperation } from '../blueprints/index.ts'
import type { PlatformId, TaskId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import { taskOf } from './operations.ts'
import type { BlueprintSource } from './source.ts'
import { openTaskStates } from './tasks.ts'
import type { OperationView } from './view.ts'

/** What was decided of an operation when it was asked for, as it is stored. */
export const operationInputSchema = z.object({
  parameters: z.record(z.string(), z.json()),
  members: z.array(z.string()),
  founders: z.record(z.string(), z.string()),
  foundings: z.record(z.string(), z.int()).optional(),
})

function operationsOf(db: Db, platform: PlatformId) {
  return db
    .selectFrom('operations')
    .innerJoin('tasks', 'tasks.id', 'operations.task_id')
    .select(['task_id', 'blueprint_digest', 'input', 'tasks.operation', 'tasks.state'])
    .where('operations.platform_id', '=', platform)
    .orderBy('task_id')
}

const selectOpen = statement((db, { platform }: { platform: PlatformId }) =>
  operationsOf(db, platform).where('tasks.state', 'in', openTaskStates),
)

function openOrEnding(db: Db, platform: PlatformId, ending: readonly TaskId[]) {
  return operationsOf(db, platform)
    .where((where) => where.or([where('tasks.state', 'in', openTaskStates), where('tasks.id', 'in', ending)]))
    .execute()
}

/** Operations of a platform that have not ended, oldest first, and those that have but whose attempts still are under way. */
export async function loadOperations(
  db: Db,
  blueprints: BlueprintSource,
  platform: PlatformId,
  inFlight: Iterable<string>,
): Promise<OperationView[]> {
  const ending = [...new Set([...inFlight].flatMap((key) => taskOf(key) ?? []))]
  const rows = ending.length === 0 ? await selectOpen.all(db, { platform }) : await openOrEnding(db, platform, ending)
  return Promise.all(
    rows.map(async (row): Promise<OperationView> => {
      const name = row.operation ?? ''
      const input = { ...operationInputSchema.parse(JSON.parse(row.input)), task: row.task_id, operation: name }
      const blueprint = await blueprints(db, row.blueprint_digest)
      return { task: row.task_id, name, blueprint, plan: planOperation(blueprint, input), state: row.state }
    }),
  )
}
