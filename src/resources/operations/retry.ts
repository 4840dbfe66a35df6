import type { Scope } from '../../access/index.ts'
import type { PlatformId, TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Tx } from '../../store/index.ts'
import { getPlatform, tryAgain } from '../platforms/index.ts'
import type { Rooms } from '../rooms.ts'
import { getTask, operationOfTask, type TaskRow } from '../tasks/index.ts'
import { requestOperation } from './request.ts'

/**
 * A task again: of an operation that failed or was cancelled a new one, with the same parameters; else what its platform
 * is blocked by. Throws wrong_state where there is nothing to try, and what asking for it anew throws.
 */
export async function retryTask(
  rooms: Pick<Rooms, 'seams' | 'blueprints'>,
  tx: Tx,
  scope: Scope,
  id: TaskId,
): Promise<{ readonly platform: PlatformId; readonly task: TaskId }> {
  const task = await getTask(tx, scope, id)
  const row = await getPlatform(tx, scope, task.platform_id)
  if (task.state === 'done' || task.state === 'superseded') throw nothingToTry(task)
  if (task.operation === null) return { platform: row.id, task: await tryAgain(rooms, tx, scope, row) }
  if (task.state !== 'failed' && task.state !== 'cancelled') throw nothingToTry(task)
  const { parameters } = await operationOfTask(tx, id)
  return {
    platform: row.id,
    task: await requestOperation(rooms, tx, scope, row, { operation: task.operation, parameters }),
  }
}

function nothingToTry(task: TaskRow): ProblemError {
  return new ProblemError({
    code: 'wrong_state',
    detail: `Task ${task.id} is ${task.state}: there is nothing to try again.`,
    facts: { task: task.id, state: task.state, supersededBy: task.superseded_by ?? undefined },
    next:
      task.superseded_by === null
        ? `What it did:  gantry task show ${task.id}`
        : `It gave way to task ${task.superseded_by}.`,
  })
}
