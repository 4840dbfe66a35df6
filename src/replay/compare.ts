// What each step came to, recorded and replayed, side by side: per step and in its order, because steps that do not depend
// on each other may come in another one.

import type { PlatformId } from '../kernel/ids.ts'
import type { Journal } from '../kernel/journal.ts'
import type { Db } from '../store/store.ts'
import { plainKey } from './script.ts'

export interface Pair {
  readonly step: string
  /** `done`, `failed script_failed`, ...; null: it came to nothing. */
  readonly recorded: string | null
  readonly replayed: string | null
}

export interface Outcome {
  readonly step: string
  readonly at: number
  readonly what: string
}

/** Of the journal, with keys as a replay has them too. */
export function recordedOutcomes(journal: Journal): Outcome[] {
  return journal.outcomes.map(({ step, at, outcome, code }) => ({
    step: plainKey(step, journal.requests),
    at,
    what: say(outcome, code),
  }))
}

/** Of the replayed platform. `tasks` are those of the requests made, in their order. */
export async function replayedOutcomes(
  db: Db,
  platform: PlatformId,
  tasks: readonly { readonly task: string }[],
): Promise<Outcome[]> {
  const rows = await db
    .selectFrom('events')
    .select(['at', 'kind', 'step', 'data'])
    .where('platform_id', '=', platform)
    .where('kind', 'in', ['step.done', 'step.failed', 'step.blocked'])
    .orderBy('seq')
    .execute()
  return rows.map((row) => {
    const data: { code?: unknown } = JSON.parse(row.data)
    const code = typeof data.code === 'string' ? data.code : null
    return { step: plainKey(row.step ?? '', tasks), at: row.at, what: say(row.kind.slice('step.'.length), code) }
  })
}

function say(outcome: string, code: string | null): string {
  return code === null ? outcome : `${outcome} ${code}`
}

/** Every outcome of either with its counterpart; `upTo` leaves recorded ones out that came later (ms since 1970). */
export function pairs(recorded: readonly Outcome[], replayed: readonly Outcome[], upTo: number): Pair[] {
  const left = new Map<string, string[]>()
  for (const { step, what } of replayed) left.set(step, [...(left.get(step) ?? []), what])
  const found: Pair[] = recorded
    .filter(({ at }) => at <= upTo)
    .map(({ step, what }) => ({ step, recorded: what, replayed: left.get(step)?.shift() ?? null }))
  for (const [step, rest] of left) for (const what of rest) found.push({ step, recorded: null, replayed: what })
  return found
}

/** The first pair that shows something else than was recorded; what is missing may still come. */
export function contradiction(found: readonly Pair[]): Pair | undefined {
  return found.find((pair) => pair.recorded !== null && pair.replayed !== null && pair.recorded !== pair.replayed)
}
