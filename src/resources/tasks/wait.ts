// `Prefer: wait` on a task: woken by the event that ends it, not by asking again and again.

import { followEvents, lastEventSeq } from '../../events/index.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { noMore } from '../../kernel/no-more.ts'
import type { Rooms } from '../rooms.ts'

/** Resolves when the task has ended or is blocked, `waitMs` is over, or the signal aborts; whichever is first. */
export async function waitForTask(rooms: Rooms, task: TaskId, waitMs: number, signal: AbortSignal): Promise<void> {
  if (waitMs === 0) return
  const { store, seams } = rooms
  const over = new AbortController()
  const ended = AbortSignal.any([signal, over.signal])
  const timeout = seams.clock.sleep(waitMs, ended).then(
    () => over.abort(noMore),
    () => undefined,
  )
  const after = await lastEventSeq(store.read)
  if (!(await isSettled(rooms, task))) {
    for await (const _ of followEvents(store, seams, { task, kinds: ['task.state'], after }, ended)) {
      if (await isSettled(rooms, task)) break
    }
  }
  over.abort(noMore)
  await timeout
}

async function isSettled(rooms: Rooms, task: TaskId): Promise<boolean> {
  const row = await rooms.store.read.selectFrom('tasks').select('state').where('id', '=', task).executeTakeFirst()
  return row === undefined || !['queued', 'running', 'waiting'].includes(row.state)
}
