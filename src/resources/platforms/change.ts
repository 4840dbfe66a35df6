// A change that needs work, as every endpoint answers it: committed, handed to the engine, 202 with the task.

import type { Call } from '../../http/endpoint.ts'
import { accepted, type JsonReply } from '../../http/reply.ts'
import type { PlatformId, TaskId } from '../../kernel/ids.ts'
import type { GantryKit } from '../endpoint.ts'
import type { Rooms } from '../rooms.ts'
import { newTaskView, taskView, waitForTask } from '../tasks/index.ts'

type Changing = Pick<Call<GantryKit, unknown, unknown, unknown>, 'commit' | 'scope' | 'waitMs' | 'signal'>

type Work = { readonly platform: PlatformId; readonly task: TaskId }

/** Commits a change that needs work, wakes the engine, and answers 202 with the task: at once, or waited for. */
export function change(rooms: Rooms, call: Changing, work: (tx: GantryKit['Tx']) => Promise<Work>) {
  return changeOrNot<never>(rooms, call, work)
}

/** As `change`, where there may turn out to be nothing to do: then `work` says what is answered. */
export async function changeOrNot<R extends JsonReply = never>(
  rooms: Rooms,
  call: Changing,
  work: (tx: GantryKit['Tx']) => Promise<Work | R>,
) {
  let made: Work | undefined
  const answer = async (task: TaskId, waited: boolean) =>
    accepted(
      `/v1/tasks/${task}`,
      await taskView(rooms, call.scope, task),
      waited ? { 'preference-applied': `wait=${call.waitMs / 1000}` } : {},
    )
  const reply = await call.commit(async (tx) => {
    const done = await work(tx)
    if (!('task' in done)) return done
    made = done
    return accepted(`/v1/tasks/${made.task}`, await newTaskView(tx, rooms, call.scope, made.task))
  })
  if (!made) return reply
  rooms.wake(made.platform)
  await waitForTask(rooms, made.task, call.waitMs, call.signal)
  return answer(made.task, call.waitMs > 0)
}
