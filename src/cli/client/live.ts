// Showing a task while it runs: in a terminal a tree that is drawn again in place, elsewhere one line for each change,
// which is what a log file or a CI wants to keep.

import type { Api } from './api.ts'
import { clock, duration } from './duration.ts'
import { changes, doneBefore, memberName, stepsNow } from './progress.ts'
import { isLive, type Screen, screenOn, sizeOf, type Terminal } from './screen.ts'
import { type Paint, pad, paintFor, tame } from './text.ts'
import { tree } from './tree.ts'
import type { Step, Task } from './types.ts'
import { outlook } from './usual.ts'
import { hasEnded, watchTask } from './watch.ts'

export interface LiveOptions {
  readonly out: Terminal
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  readonly now: () => number
  /** Ends the watch before the task ends. */
  readonly until?: (task: Task) => boolean
}

/** Follows the task to its end on `out` and gives it back. Throws what watchTask throws. */
export async function showTask(api: Api, id: string, options: LiveOptions): Promise<Task> {
  const show = isLive(options.out, options.env) ? drawn(options) : written(options)
  try {
    return await watchTask(api, id, { signal: options.signal, until: options.until, onTask: show.task })
  } finally {
    show.close()
  }
}

interface Show {
  task(task: Task): void
  close(): void
}

function drawn({ out, env, now }: LiveOptions): Show {
  const screen: Screen = screenOn(out)
  const paint = paintFor(out, env)
  let steps: readonly Step[] = []
  return {
    task(task) {
      steps = stepsNow(steps, task)
      screen.draw(tree({ ...task, steps: [...steps] }, doing(task), now(), { ...sizeOf(out), paint }))
    },
    close: () => screen.close(),
  }
}

function written({ out, env, now }: LiveOptions): Show {
  const paint = paintFor(out, env)
  let steps: readonly Step[] = []
  let state = ''
  return {
    task(task) {
      const ahead = outlook(task, now())
      const begun = `${when(task, now())}  ${task.target.name}  ${doing(task)}${ahead && `, ${ahead}`}`
      const news = doing(task) === state ? [] : [begun]
      const old = state === '' ? task.steps.filter((step) => doneBefore(step, task)).length : 0
      if (old > 0) news.push(`${when(task, now())}  ${old} steps are done already and stay so`)
      const after = stepsNow(steps, task)
      const lines = changes(steps, after).map((step) => plainLine(task, step, now(), paint))
      // What begins is said before its steps, what has ended after them.
      for (const line of hasEnded(task) ? [...lines, ...news] : [...news, ...lines]) out.write(`${line}\n`)
      state = doing(task)
      steps = after
    },
    close() {},
  }
}

/** e.g. `0:09  docker      worker-1   done (1.2 s)` */
export function plainLine(task: Task, step: Step, now: number, paint: Paint): string {
  const who = memberName(step)
  const name = step.want === 'absent' ? `${step.name} gone` : step.name
  const at = step.state === 'done' && step.finishedAt ? Date.parse(step.finishedAt) : now
  return `${when(task, at)}  ${pad(name, 14)}  ${pad(who, 12)}  ${outcome(step, paint)}`.trimEnd()
}

const verbs: Readonly<Record<string, string>> = {
  'platform.create': 'building',
  'platform.delete': 'deleting',
  'platform.change': 'changing',
  'platform.rollback': 'going back',
  'platform.renew': 'being renewed',
  'platform.hibernate': 'going to sleep',
  'platform.wake': 'waking',
  'platform.resume': 'going on',
  'platform.retry': 'trying again',
}

const ends: Readonly<Record<string, string>> = {
  'platform.delete': 'deleted',
  'platform.hibernate': 'hibernated',
}

/** What the platform is doing, in one word. */
export function doing(task: Pick<Task, 'kind' | 'state' | 'operation'>): string {
  const verb = task.operation === null ? (verbs[task.kind] ?? task.kind) : `running ${task.operation}`
  if (task.state === 'done' && task.operation !== null) return `${task.operation} done`
  if (task.state === 'done') return ends[task.kind] ?? 'ready'
  if (task.state === 'queued') return task.operation === null ? 'queued' : `${task.operation} queued`
  return task.state === 'running' || task.state === 'waiting' ? verb : `${verb}, ${task.state}`
}

function outcome(step: Step, paint: Paint): string {
  const why = tame(step.problem?.detail ?? step.reason ?? '')
  const again = step.attempt > 1 ? ` (attempt ${step.attempt})` : ''
  switch (step.state) {
    case 'done':
      return `${paint('good', 'done')}${typeof step.seconds === 'number' ? ` (${duration(step.seconds * 1000)})` : ''}`
    case 'blocked':
      return `${paint('bad', 'blocked')}  ${why}`
    case 'running':
      return `started${again}`
    case 'waiting':
      return `waiting${again}  ${why}`
    case 'pending':
      return 'due again'
  }
}

/** How long after the request something happened, as a clock shows it. */
function when(task: Task, instant: number): string {
  return pad(clock(instant - Date.parse(task.createdAt)), 5)
}
