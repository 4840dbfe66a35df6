// A task as a person follows it: steps of the same name are one row with a mark for each member, because twelve machines
// installing the same thing are one thing happening. Pure: the same task gives the same rows.

import type { Step, Task } from './types.ts'

export interface Row {
  readonly name: string
  /** Those that take something away are told apart: `machine` and `machine gone` are two rows. */
  readonly removes: boolean
  readonly steps: readonly Step[]
  readonly done: number
  /** From the first start to the last end, ms; null until all are done or when nobody knows. */
  readonly ms: number | null
}

/** Rows in the order in which the plan first names them; steps that only run when another needs them are left out. */
export function rows(steps: readonly Step[]): Row[] {
  const byName = new Map<string, Step[]>()
  for (const step of steps) {
    if (step.mode === 'fresh') continue
    const key = `${step.want} ${step.name}`
    const group = byName.get(key) ?? []
    byName.set(key, group)
    group.push(step)
  }
  return [...byName.values()].map((group) => {
    const done = group.filter((step) => step.state === 'done').length
    const removes = group[0]?.want === 'absent'
    const name = `${group[0]?.name ?? ''}${removes ? ' gone' : ''}`
    return { name, removes, steps: group, done, ms: done === group.length ? span(group) : null }
  })
}

/** `worker-1` of the step's member `worker-1@2`; from the second incarnation on it is said: `worker-1 (2nd)`. */
export function memberName(step: Pick<Step, 'member'>): string {
  const [name = '', incarnation = '1'] = (step.member ?? '').split('@')
  return incarnation === '1' || name === '' ? name : `${name} (${ordinal(Number(incarnation))})`
}

/** Whether it was done before the task was asked for: of a platform that is changed, most is. */
export function doneBefore(step: Step, task: Pick<Task, 'createdAt'>): boolean {
  return step.state === 'done' && step.finishedAt !== null && Date.parse(step.finishedAt) < Date.parse(task.createdAt)
}

/**
 * The steps that a task has to do with as it is now, and before them those whose work ended with them: a machine that is gone has no step
 * any more, nor has a platform. Left out, they would look as if nothing had happened.
 */
export function stepsNow(before: readonly Step[], task: Pick<Task, 'createdAt' | 'state' | 'steps'>): readonly Step[] {
  const there = new Set(task.steps.map((step) => step.key))
  const over = task.state === 'done' && task.steps.length === 0
  const ended = before.filter((step) => !there.has(step.key) && (over || step.want === 'absent'))
  return [...ended.map(asDone), ...task.steps.filter((step) => !doneBefore(step, task))]
}

function asDone(step: Step): Step {
  return step.state === 'done' ? step : { ...step, state: 'done', seconds: null, reason: null, problem: null }
}

/** The steps that changed since `before`, for a watcher without a terminal: ends in their order, then what goes on. */
export function changes(before: readonly Step[], after: readonly Step[]): Step[] {
  const known = new Map(before.map((step) => [step.key, told(step)]))
  const news = after.filter((step) => step.state !== 'pending' && known.get(step.key) !== told(step))
  const ended = news.filter((step) => step.state === 'done')
  const ends = ended.toSorted((a, b) => (a.finishedAt ?? '').localeCompare(b.finishedAt ?? ''))
  return [...ends, ...news.filter((step) => step.state !== 'done')]
}

/** What of a step is news. A reason that only counts down is none. */
function told(step: Step): string {
  return `${step.state} ${step.attempt} ${step.problem?.detail ?? ''}`
}

function span(steps: readonly Step[]): number | null {
  const starts = steps.flatMap((step) => (step.startedAt ? [Date.parse(step.startedAt)] : []))
  const ends = steps.flatMap((step) => (step.finishedAt ? [Date.parse(step.finishedAt)] : []))
  return starts.length === 0 || ends.length === 0 ? null : Math.max(0, Math.max(...ends) - Math.min(...starts))
}

function ordinal(n: number): string {
  const tail = n % 100 > 10 && n % 100 < 14 ? 'th' : ({ 1: 'st', 2: 'nd', 3: 'rd' }[n % 10] ?? 'th')
  return `${n}${tail}`
}
