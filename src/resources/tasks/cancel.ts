// Cancel begins nothing more and undoes nothing: the platform is held as it is, and its owner chooses what comes next.

import type { Scope } from '../../access/index.ts'
import { holdPlatform, makeDue, openTaskStates } from '../../engine/index.ts'
import { moveTask } from '../../events/index.ts'
import type { PlatformId, TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Tx } from '../../store/index.ts'
import { getTask, type TaskRow } from './store.ts'

/**
 * Ends the task as cancelled, and holds its platform unless it is that of an operation. Throws wrong_state for a task that has ended, and not_cancellable
 * for a deletion: what is gone does not come back. Answers the platform, to be woken after the commit.
 */
export async function cancelTask(tx: Tx, scope: Scope, seams: Seams, id: TaskId): Promise<PlatformId> {
  const task = await getTask(tx, scope, id)
  if (!openTaskStates.includes(task.state)) throw endedAlready(task)
  if (task.kind === 'platform.delete') throw deletionGoesOn(task)
  const because = { actor: scope.actor, cause: `task ${id} was cancelled` }
  await moveTask(tx, seams, { task: id, to: 'cancelled', reason: null, problem: null, ...because })
  // An operation is beside what the platform is: repair and change go on.
  if (task.operation === null) await holdPlatform(tx, seams, task.platform_id, { ...because, task: id })
  else await makeDue(tx, task.platform_id, seams.clock.now())
  return task.platform_id
}

function endedAlready(task: TaskRow): ProblemError {
  const next =
    task.superseded_by === null
      ? `Nothing of it is under way. What the platform does now:  gantry explain ${task.platform_name}`
      : `It gave way to task ${task.superseded_by}.`
  return new ProblemError({
    code: 'wrong_state',
    detail: `Task ${task.id} is ${task.state} already.`,
    facts: { task: task.id, state: task.state, supersededBy: task.superseded_by ?? undefined },
    next,
  })
}

function deletionGoesOn(task: TaskRow): ProblemError {
  const name = task.platform_name
  return new ProblemError({
    code: 'not_cancellable',
    detail: `The deletion of ${name} cannot be cancelled: what is gone already does not come back.`,
    facts: { task: task.id, platform: task.platform_id },
    next: `Let it end and create another platform. If it does not get on:  gantry explain ${name}`,
  })
}
