import { z } from 'zod'
import { planOperation } from '../blueprints/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
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

/** Operations of a platform that have not ended, oldest first, and those that have but whose attempts still are under way. */
export async function loadOperations(
  db: Db,
  blueprints: BlueprintSource,
  platform: PlatformId,
  inFlight: Iterable<string>,
): Promise<OperationView[]> {
  const ending = [...new Set([...inFlight].flatMap((key) => taskOf(key) ?? []))]
  const rows = await db
    .selectFrom('operations')
    .innerJoin('tasks', 'tasks.id', 'operations.task_id')
    .select(['task_id', 'blueprint_digest', 'input', 'tasks.operation', 'tasks.state'])
    .where('operations.platform_id', '=', platform)
    .where((where) =>
      where.or([
        where('tasks.state', 'in', openTaskStates),
        ...(ending.length > 0 ? [where('tasks.id', 'in', ending)] : []),
      ]),
    )
    .orderBy('task_id')
    .execute()
  return Promise.all(
    rows.map(async (row): Promise<OperationView> => {
      const name = row.operation ?? ''
      const input = { ...operationInputSchema.parse(JSON.parse(row.input)), task: row.task_id, operation: name }
      const blueprint = await blueprints(db, row.blueprint_digest)
      return { task: row.task_id, name, blueprint, plan: planOperation(blueprint, input), state: row.state }
    }),
  )
}
