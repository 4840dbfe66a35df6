// A task as a person follows it: steps of the same name are one row with a dot for each member, because twelve machines
// installing the same thing are one thing happening. Pure: the same task and instant give the same rows.

export type StepState = 'todo' | 'busy' | 'done' | 'blocked'

/** What we need of a step in a task's JSON. */
export interface StepView {
  readonly key: string
  readonly state: string
  readonly startedAt?: string | null | undefined
  readonly seconds?: number | null | undefined
  /** Why it waits, or what it is doing. */
  readonly reason?: string | null | undefined
  readonly problem?: { readonly detail: string; readonly next?: string | null | undefined } | null | undefined
}

export interface Cell {
  readonly key: string
  /** e.g. `worker-1`; null for a step of the whole platform. */
  readonly member: string | null
  readonly state: StepState
  readonly startedAt: number | null
  readonly ms: number | null
  readonly note: string | null
}

export interface Row {
  readonly name: string
  readonly cells: readonly Cell[]
  readonly done: number
  /** From the first start to the last end, ms; null until all are done. */
  readonly ms: number | null
}

/** Rows in the order in which the plan first names them. */
export function rows(steps: readonly StepView[]): Row[] {
  const byName = new Map<string, Cell[]>()
  for (const step of steps) {
    const { row, member } = place(step.key)
    const cells = byName.get(row) ?? []
    byName.set(row, cells)
    cells.push({
      key: step.key,
      member,
      state: stateOf(step.state),
      startedAt: step.startedAt ? Date.parse(step.startedAt) : null,
      ms: typeof step.seconds === 'number' ? step.seconds * 1000 : null,
      note: step.problem?.detail ?? step.reason ?? null,
    })
  }
  return [...byName].map(([name, cells]) => {
    const done = cells.filter((cell) => cell.state === 'done').length
    return { name, cells, done, ms: done === cells.length ? span(cells) : null }
  })
}

/** The row and member of a step key (`machine/<ref>`, `script/<ref>/<step>`, `gate/<name>/<hash>`, ...). */
export function place(key: string): { row: string; member: string | null } {
  const parts = key.split('/')
  const [kind = key, second = '', third] = parts
  const member = second.includes('@') ? (second.split('@')[0] ?? null) : null
  if (kind === 'machine') return { row: 'machines', member }
  if (member !== null) return { row: third ?? kind, member }
  return { row: second === '' ? kind : second, member: null }
}

/** Which of the engine's states a person needs to tell apart. */
function stateOf(state: string): StepState {
  if (state === 'done') return 'done'
  if (state === 'running' || state === 'waiting') return 'busy'
  if (state === 'blocked' || state === 'failed') return 'blocked'
  return 'todo'
}

function span(cells: readonly Cell[]): number | null {
  const starts = cells.flatMap((cell) => (cell.startedAt === null ? [] : [cell.startedAt]))
  const ends = cells.flatMap((cell) => (cell.startedAt === null ? [] : [cell.startedAt + (cell.ms ?? 0)]))
  return starts.length === 0 ? null : Math.max(...ends) - Math.min(...starts)
}
