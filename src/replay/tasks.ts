// The tasks of the requests, recorded and replayed: where they ended, or rest.

import type { Journal, JournalRequest } from '../kernel/journal.ts'
import type { Db } from '../store/store.ts'

export interface ReplayedTasks {
  /**
   * Whether those that had ended by then (ms since 1970) ended alike, and at the last also whether what was under way or
   * blocked is so. `otherwise`: one rests in another state, and `not yet`: one may still get there.
   */
  states(upTo: number, last: boolean): Promise<'as recorded' | 'otherwise' | 'not yet'>
  /** The first that is otherwise than recorded at the end; null when none is. */
  difference(): Promise<string | null>
  /** The exported one. */
  exported(): Promise<{ readonly recorded: string; readonly replayed: string }>
}

interface State {
  readonly state: string
  readonly code: string | null
}

/** States in which a task stays until something else is asked for. */
const resting: readonly string[] = ['done', 'failed', 'blocked', 'cancelled', 'superseded']

/** `asked`: what was asked for in the replay so far, in the order of the requests; it grows. */
export function openTasks(
  { requests, head }: Journal,
  read: Db,
  asked: readonly { readonly task: string | null }[],
): ReplayedTasks {
  async function stateOf(index: number): Promise<State> {
    const task = asked[index]?.task ?? null
    const row = await read
      .selectFrom('tasks')
      .select(['state', 'problem'])
      .where('id', '=', task as never)
      .executeTakeFirst()
    const problem: { code?: unknown } | null = row?.problem ? JSON.parse(row.problem) : null
    return { state: row?.state ?? 'never made', code: typeof problem?.code === 'string' ? problem.code : null }
  }

  /** What was recorded of it by then; undefined where that is not known, or was no rest. */
  function recordedBy({ state, code, endedAt }: JournalRequest, upTo: number, last: boolean): State | undefined {
    if (state === null || !resting.includes(state)) return undefined
    if (endedAt === null ? !last : endedAt > upTo) return undefined
    return { state, code }
  }

  return {
    async states(upTo, last) {
      let found: 'as recorded' | 'not yet' = 'as recorded'
      for (const [index, request] of requests.entries()) {
        const recorded = index < asked.length ? recordedBy(request, upTo, last) : undefined
        if (!recorded) continue
        const replayed = await stateOf(index)
        if (isSame(recorded, replayed)) continue
        if (resting.includes(replayed.state)) return 'otherwise'
        found = 'not yet'
      }
      return found
    },
    async difference() {
      for (const [index, request] of requests.entries()) {
        const recorded = recordedBy(request, head.until, true)
        const replayed = await stateOf(index)
        if (recorded && !isSame(recorded, replayed))
          return `${request.operation ?? request.kind}: recorded ${said(recorded)}, replayed ${said(replayed)}`
      }
      return null
    },
    async exported() {
      const index = requests.findIndex(({ task }) => task === head.task)
      const { state, code } = requests[index] ?? { state: null, code: null }
      return { recorded: said({ state: state ?? 'unknown', code }), replayed: said(await stateOf(index)) }
    },
  }
}

function isSame(one: State, other: State): boolean {
  return one.state === other.state && one.code === other.code
}

function said({ state, code }: State): string {
  return code === null ? state : `${state} (${code})`
}
