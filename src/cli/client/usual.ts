// How long it will be, as far as those before can tell.

import { duration, usualTime } from './duration.ts'
import type { Task } from './types.ts'

/** What of a task under way is still to come: `about 15 s left, usually 38 s (...)`; an empty text where nobody knows. */
export function outlook(task: Pick<Task, 'state' | 'eta' | 'usual' | 'startedAt'>, now: number): string {
  const { state, eta, usual, startedAt } = task
  if (usual === null || (state !== 'queued' && state !== 'running' && state !== 'waiting')) return ''
  const left = eta === null ? 0 : Date.parse(eta) - now
  if (left > 0) return `about ${duration(left)} left, usually ${usualTime(usual)}`
  const late = startedAt !== null && now - Date.parse(startedAt) > usual.p90 * 1000
  return late ? `longer than usual: ${usualTime(usual)}` : `usually ${usualTime(usual)}`
}
