// What the recorded world answered, in the order in which it was asked: per step, since a replay may ask different steps in
// another order.

import type { Journal, JournalAttempt, JournalOutcome } from '../kernel/journal.ts'

export interface Recording {
  /** The next outcome of a machine's or a login's step that was no success; undefined when the next one was, or none is left. */
  nextTrouble(step: string): JournalOutcome | undefined
  /** Whether the step ever came to an end. */
  everDone(step: string): boolean
  /** The next attempt of a script; undefined when none is recorded any more. */
  nextAttempt(step: string): JournalAttempt | undefined
}

/** `op/<task>/..` names a task, which is another one in a replay: what counts is which request it was. */
export function plainKey(key: string, requests: readonly { readonly task: string }[]): string {
  const match = /^(.*?)op\/([^/]+)\/(.*)$/.exec(key)
  if (!match) return key
  const known = requests.findIndex((request) => request.task === match[2])
  // One that is not known yet has just been asked for.
  const index = known < 0 ? requests.length : known
  return `${match[1]}op/#${index + 1}/${match[3]}`
}

export function recordingOf(journal: Journal): Recording {
  const troubles = queues(journal.outcomes, ({ step }) => step)
  const attempts = queues(journal.attempts, ({ step }) => plainKey(step, journal.requests))
  const done = new Set(journal.outcomes.filter(({ outcome }) => outcome === 'done').map(({ step }) => step))
  return {
    nextTrouble(step) {
      const [next] = troubles.get(step) ?? []
      if (!next || next.outcome === 'done') return undefined
      return troubles.get(step)?.shift()
    },
    everDone: (step) => done.has(step),
    nextAttempt: (step) => attempts.get(step)?.shift(),
  }
}

function queues<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const byKey = new Map<string, T[]>()
  for (const item of items) {
    const queue = byKey.get(keyOf(item))
    if (queue) queue.push(item)
    else byKey.set(keyOf(item), [item])
  }
  return byKey
}
