import type { PlatformId } from '../kernel/ids.ts'
import type { TaskState } from '../kernel/states.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { OpenTask } from './view.ts'

/** States in which a task has not ended. */
export const openTaskStates: readonly TaskState[] = ['queued', 'running', 'waiting', 'blocked']

const selectOpen = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('tasks')
    .select(['id', 'generation', 'state'])
    .where('platform_id', '=', platform)
    .where('state', 'in', openTaskStates)
    .orderBy('id'),
)

/** Tasks of what the platform is wanted to be, oldest first. */
export async function loadOpenTasks(db: Db, platform: PlatformId): Promise<OpenTask[]> {
  const rows = await selectOpen.all(db, { platform })
  return rows.flatMap(({ id, generation, state }) => (generation === null ? [] : [{ id, generation, state }]))
}
