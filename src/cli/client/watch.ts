// Watching a task to its end. Events say that something changed, the task says what: so nothing is shown that the API
// did not answer, and a lost event costs a second of delay and no more.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Api } from './api.ts'
import { ApiProblem } from './api-problem.ts'
import { follow } from './events.ts'
import type { Task } from './types.ts'

export interface WatchOptions {
  readonly signal: AbortSignal
  /** Told the first answer and every later one. */
  readonly onTask: (task: Task) => void
  /** Ends the watch before the task ends, e.g. when it is blocked and a person must act. */
  readonly until?: (task: Task) => boolean
}

/** Shortest and longest time between two looks, ms. */
const soonest = 120
const latest = 1000
/** For how long a server may be away (it is being restarted) before the watch gives up, ms. */
const patience = 60_000

/** The task as it ended (done, failed, cancelled, superseded, or by `until`). Throws ApiProblem, or the signal's reason. */
export async function watchTask(api: Api, id: string, options: WatchOptions): Promise<Task> {
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  let news: ReturnType<typeof newsOf> | undefined
  let seenAt = performance.now()
  try {
    for (;;) {
      const task = await api.task(id).catch((problem: unknown) => {
        if (problem instanceof ApiProblem && problem.status === 0 && performance.now() - seenAt < patience)
          return undefined
        throw problem
      })
      if (task === undefined) {
        await sleep(latest, undefined, { signal })
        continue
      }
      seenAt = performance.now()
      // A task's news are those of its platform: steps belong to what is wanted, not to who asked.
      news ??= newsOf(api, task.target.id, signal)
      options.onTask(task)
      if (hasEnded(task) || options.until?.(task)) return task
      await sleep(soonest, undefined, { signal })
      await Promise.race([news.next(), sleep(latest, undefined, { signal })])
    }
  } finally {
    stop.abort()
    await news?.closed
  }
}

export function hasEnded(task: Pick<Task, 'state'>): boolean {
  return ['done', 'failed', 'cancelled', 'superseded'].includes(task.state)
}

/** `next` resolves at once when something happened since it was last asked, else as soon as something does. */
function newsOf(api: Api, platform: string, signal: AbortSignal) {
  let fresh = false
  let tell: (() => void) | undefined
  async function listen() {
    try {
      for await (const _ of follow(api.server, '/v1/events', { query: { platform }, signal })) {
        fresh = true
        tell?.()
      }
    } catch {
      // Without events the watch still looks every second, and that look throws what is wrong with the server.
    }
  }
  return {
    closed: listen(),
    async next() {
      if (!fresh) await new Promise<void>((resolve) => (tell = resolve))
      fresh = false
    },
  }
}
