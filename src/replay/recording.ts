// What the recorded world answered, step by step: what comes next of a step depends on how far the replay has come with
// it, and on nothing that other steps do meanwhile.

import { type Journal, type JournalAttempt, type JournalOutcome, neverBegan } from '../kernel/journal.ts'
import type { Db } from '../store/store.ts'
import { outcomeKinds } from './compare.ts'
import { plainKey } from './keys.ts'
import type { Timeline } from './timeline.ts'

export interface Expected {
  /** What the step came to the last time; undefined at its first. */
  readonly last: JournalOutcome | undefined
  /** What it came to next; undefined when nothing more is recorded. */
  readonly next: JournalOutcome | undefined
  /** What it came to after that. */
  readonly after: JournalOutcome | undefined
  /** When `next` came, in the time of the replay; never when there is no next. */
  readonly at: number
}

export interface Recording {
  readonly due: Timeline
  /** Of a step by its key in the replay. */
  expected(key: string): Promise<Expected>
  /** Whether the step was ever done. */
  everDone(key: string): boolean
  /**
   * The attempt that a machine begins now (ms since 1970 of the replay); undefined when none is recorded any more. What
   * was sent along and stopped in time was no beginning.
   */
  nextAttempt(key: string, now: number): JournalAttempt | undefined
}

/** `read` answers the replay's database, once there is one; `plain` makes keys of the replay those of the record. */
export function recordingOf(
  journal: Journal,
  due: Timeline,
  read: () => Db | undefined,
  plain: (key: string) => string,
): Recording {
  const outcomes = Map.groupBy(journal.outcomes, ({ step }) => plainKey(step, journal.requests))
  const attempts = Map.groupBy(journal.attempts, ({ step }) => plainKey(step, journal.requests))
  const came = new Map<string, number>()
  let seen = 0

  /** How often each step has come to something by now. */
  async function follow(): Promise<void> {
    const rows = await read()
      ?.selectFrom('events')
      .select(['seq', 'step'])
      .where('seq', '>', seen)
      .where('kind', 'in', outcomeKinds)
      .orderBy('seq')
      .execute()
    for (const { seq, step } of rows ?? []) {
      // Asked for twice at the same time, the same rows come twice.
      if (seq <= seen) continue
      seen = seq
      const key = plain(step ?? '')
      came.set(key, (came.get(key) ?? 0) + 1)
    }
  }

  return {
    due,
    async expected(step) {
      await follow()
      const key = plain(step)
      const all = outcomes.get(key) ?? []
      const count = came.get(key) ?? 0
      const next = all[count]
      return { last: all[count - 1], next, after: all[count + 1], at: next ? due(next.at) : Number.POSITIVE_INFINITY }
    },
    everDone: (step) => (outcomes.get(plain(step)) ?? []).some(({ outcome }) => outcome === 'done'),
    nextAttempt(step, now) {
      const queue = attempts.get(plain(step)) ?? []
      const isPast = (one: JournalAttempt) => neverBegan(one) && one.endedAt !== null && due(one.endedAt) <= now
      while (queue[0] && isPast(queue[0])) queue.shift()
      return queue.shift()
    },
  }
}
