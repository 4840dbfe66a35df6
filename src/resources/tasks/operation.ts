// What is remembered of an operation, while it runs and for ever after: its steps from the plan made of what was
// decided then, beside their records.

import { operationPrefix, planOperation } from '../../blueprints/index.ts'
import { operationInputSchema, recordView } from '../../engine/index.ts'
import { JsonObject, type z } from '../../http/schema.ts'
import type { TaskId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { lastLines } from './log-tail.ts'
import { outputsSchema, type StoredOutputs } from './outputs.ts'
import type { Step } from './schemas.ts'
import { stepView } from './steps.ts'

export interface OperationOfTask {
  readonly parameters: z.output<typeof JsonObject>
  readonly outputs: StoredOutputs
}

/** Of a task of an operation; a plain Error for any other. */
export async function operationOfTask(db: Db, task: TaskId): Promise<OperationOfTask> {
  const row = await db.selectFrom('operations').selectAll().where('task_id', '=', task).executeTakeFirstOrThrow()
  return {
    parameters: JsonObject.parse(JSON.parse(row.parameters)),
    outputs: outputsSchema.parse(JSON.parse(row.outputs)),
  }
}

/** Its steps in the order of the plan; none once the platform is deleted, because then nothing is remembered of them. */
export async function operationSteps(rooms: Rooms, task: TaskId, operation: string): Promise<Step[]> {
  const db = rooms.store.read
  const row = await db
    .selectFrom('operations')
    .innerJoin('platforms', 'platforms.id', 'operations.platform_id')
    .select(['operations.platform_id', 'operations.blueprint_digest', 'operations.input', 'platforms.state'])
    .where('task_id', '=', task)
    .executeTakeFirstOrThrow()
  if (row.state === 'deleted') return []
  const input = { ...operationInputSchema.parse(JSON.parse(row.input)), task, operation }
  const plan = planOperation(await rooms.blueprints(db, row.blueprint_digest), input)
  const records = await recordsOf(db, row.platform_id, task)
  const lines = await linesOf(db, row.platform_id, task)
  const now = rooms.seams.clock.now()
  return plan.steps.map((step) => {
    const member = step.on.kind === 'member' ? step.on.member : null
    return { ...stepView(step, records.get(step.key), lines.get(step.key) ?? null, now), member }
  })
}

async function recordsOf(db: Db, platform: Parameters<typeof recordView>[0]['platform_id'], task: TaskId) {
  const rows = await db
    .selectFrom('records')
    .selectAll()
    .where('platform_id', '=', platform)
    .where('key', 'like', `${operationPrefix(task)}%`)
    .execute()
  return new Map(rows.map((row) => [row.key, recordView(row)]))
}

/** The last line of each step that is under way. */
async function linesOf(db: Db, platform: Parameters<typeof recordView>[0]['platform_id'], task: TaskId) {
  const attempts = await db
    .selectFrom('attempts')
    .select(['id', 'step_key'])
    .where('platform_id', '=', platform)
    .where('step_key', 'like', `${operationPrefix(task)}%`)
    .where('ended_at', 'is', null)
    .execute()
  const lines = await lastLines(
    db,
    attempts.map((attempt) => attempt.id),
    1,
  )
  return new Map(attempts.map((attempt) => [attempt.step_key, lines.get(attempt.id)?.at(-1) ?? null]))
}
