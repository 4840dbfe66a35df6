import type { Scope } from '../../access/index.ts'
import { unformPlatform } from '../../care/index.ts'
import { openTaskStates } from '../../engine/index.ts'
import { moveTask } from '../../events/index.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Tx } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { createTask } from '../tasks/index.ts'
import type { PlatformRow } from './store.ts'

/**
 * Asks for the platform's end and supersedes every task it has. Deleting again answers the task of the first time.
 * Throws protected.
 */
export async function removePlatform(
  rooms: Pick<Rooms, 'forming' | 'seams'>,
  tx: Tx,
  scope: Scope,
  row: PlatformRow,
): Promise<TaskId> {
  const before = await tx
    .selectFrom('tasks')
    .select('id')
    .where('platform_id', '=', row.id)
    .where('kind', '=', 'platform.delete')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row.want === 'absent' && before) return before.id
  if (row.deletion_protection === 1) {
    throw new ProblemError({
      code: 'protected',
      detail: `Platform ${row.name} is protected from deletion.`,
      next: 'Set deletionProtection to false first.',
    })
  }
  const { generation } = await unformPlatform(tx, rooms.forming, row.id, scope.actor)
  const task = await createTask(tx, scope, rooms.seams, {
    kind: 'platform.delete',
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    generation,
  })
  const others = await tx
    .selectFrom('tasks')
    .select('id')
    .where('platform_id', '=', row.id)
    .where('id', '!=', task)
    .where('state', 'in', openTaskStates)
    .execute()
  for (const other of others) {
    await moveTask(tx, rooms.seams, {
      task: other.id,
      to: 'superseded',
      supersededBy: task,
      actor: scope.actor,
      cause: 'the platform is deleted',
    })
  }
  return task
}
