// Recorded instants as instants of the replay. A long time in which nothing is recorded is made short: a platform that
// was idle for a month need not be idle for a month again.

import type { Journal } from '../kernel/journal.ts'

/** ms since 1970 as recorded -> ms since 1970 in the replay. */
export type Timeline = (recorded: number) => number

/** What is left of a longer rest, ms: longer than any time over which something is counted. */
const mostRestMs = 15 * 60_000

/** @param begun when the first request is made again. */
export function timelineOf(journal: Journal, begun: number): Timeline {
  const instants = [...new Set(happenings(journal))].sort((one, other) => one - other)
  const kept = new Map<number, number>()
  let before: number | undefined
  let now = begun
  for (const instant of instants) {
    now += before === undefined ? 0 : Math.min(mostRestMs, instant - before)
    kept.set(instant, now)
    before = instant
  }
  const [first = 0] = instants
  return (recorded) => kept.get(recorded) ?? begun + Math.max(0, recorded - first)
}

function* happenings({ requests, decisions, troubles, outcomes, attempts, takenOver }: Journal): Generator<number> {
  const [first] = requests
  for (const { at } of [...requests, ...decisions, ...outcomes, ...takenOver]) if (at >= (first?.at ?? 0)) yield at
  for (const { at, endedAt } of troubles) yield* [at, ...(endedAt === null ? [] : [endedAt])]
  for (const { startedAt, endedAt } of attempts) yield* [startedAt, ...(endedAt === null ? [] : [endedAt])]
}
