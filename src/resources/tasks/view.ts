import type { Scope } from '../../access/index.ts'
import { instant } from '../../http/schema.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { problemSchema } from '../../kernel/problem.ts'
import type { Db, Tx } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { likelyEnd, usualOf } from './history.ts'
import { operationOfTask, operationSteps } from './operation.ts'
import { shownOutputs } from './outputs.ts'
import type { Step, Task, TaskSummary } from './schemas.ts'
import { followPlatform, problemView } from './steps.ts'
import { getTask, type TaskRow } from './store.ts'

export function taskSummary(row: TaskRow, now: number): TaskSummary {
  return {
    id: row.id,
    kind: row.kind,
    operation: row.operation,
    state: row.state,
    reason: row.reason,
    tenant: row.tenant_id,
    project: row.project_id,
    target: { kind: 'platform', id: row.platform_id, name: row.platform_name, generation: row.generation },
    problem: row.problem === null ? null : problemView(problemSchema.parse(JSON.parse(row.problem))),
    supersededBy: row.superseded_by,
    actor: row.actor,
    createdAt: instant(row.created_at),
    startedAt: instant(row.started_at),
    endedAt: instant(row.ended_at),
    seconds: Math.max(0, (row.ended_at ?? now) - row.created_at) / 1000,
  }
}

/** The task with its steps: those of its operation, or those of its platform as far as no later generation has taken over. */
export async function taskView(rooms: Rooms, scope: Scope, id: TaskId): Promise<Task> {
  const db = rooms.store.read
  const row = await getTask(db, scope, id)
  const steps =
    row.operation === null ? await platformSteps(rooms, row) : await operationSteps(rooms, id, row.operation)
  const receipt = await db
    .selectFrom('receipts')
    .select('id')
    .where('platform_id', '=', row.platform_id)
    .executeTakeFirst()
  const now = rooms.seams.clock.now()
  const usual = row.operation === null && row.ended_at === null ? await usualOf(rooms, db, row) : null
  return {
    ...taskSummary(row, now),
    eta: instant(likelyEnd(row, usual, now)),
    usual,
    progress: { done: steps.filter((step) => step.state === 'done').length, total: steps.length },
    steps,
    ...(await operationFacts(db, row)),
    receipt: receipt?.id ?? null,
  }
}

async function platformSteps(rooms: Rooms, row: TaskRow): Promise<Step[]> {
  const followed = await followPlatform(rooms, row.platform_id)
  return followed && row.generation === followed.view.generation ? [...followed.steps] : []
}

async function operationFacts(db: Db, row: TaskRow): Promise<Pick<Task, 'parameters' | 'outputs'>> {
  if (row.operation === null) return { parameters: null, outputs: {} }
  const { parameters, outputs } = await operationOfTask(db, row.id)
  return { parameters, outputs: shownOutputs(outputs, `/v1/tasks/${row.id}/outputs`) }
}

/** A task as it is in the transaction that makes it: nothing of it has begun. */
export async function newTaskView(tx: Tx, rooms: Rooms, scope: Scope, id: TaskId): Promise<Task> {
  const row = await getTask(tx, scope, id)
  const nothing = { eta: null, usual: null, progress: { done: 0, total: 0 }, steps: [], receipt: null }
  return { ...taskSummary(row, rooms.seams.clock.now()), ...nothing, ...(await operationFacts(tx, row)) }
}
