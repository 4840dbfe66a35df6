import type { Scope } from '../../access/index.ts'
import { instant } from '../../http/schema.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { problemSchema } from '../../kernel/problem.ts'
import type { Tx } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import type { Task, TaskSummary } from './schemas.ts'
import { followPlatform, problemView } from './steps.ts'
import { getTask, type TaskRow } from './store.ts'

export function taskSummary(row: TaskRow, now: number): TaskSummary {
  return {
    id: row.id,
    kind: row.kind,
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

/** The task with the steps of its platform, as far as they are its own: those of a later generation are not. */
export async function taskView(rooms: Rooms, scope: Scope, id: TaskId): Promise<Task> {
  const db = rooms.store.read
  const row = await getTask(db, scope, id)
  const followed = await followPlatform(rooms, row.platform_id)
  const steps = followed && row.generation === followed.view.generation ? [...followed.steps] : []
  const receipt = await db
    .selectFrom('receipts')
    .select('id')
    .where('platform_id', '=', row.platform_id)
    .executeTakeFirst()
  return {
    ...taskSummary(row, rooms.seams.clock.now()),
    progress: { done: steps.filter((step) => step.state === 'done').length, total: steps.length },
    steps,
    receipt: receipt?.id ?? null,
  }
}

/** A task as it is in the transaction that makes it: nothing of it has begun. */
export async function newTaskView(tx: Tx, rooms: Rooms, scope: Scope, id: TaskId): Promise<Task> {
  const row = await getTask(tx, scope, id)
  return { ...taskSummary(row, rooms.seams.clock.now()), progress: { done: 0, total: 0 }, steps: [], receipt: null }
}
