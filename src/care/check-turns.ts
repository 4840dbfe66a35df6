// Whose turn it is among those that one kind of check is about: each at its own pace, and not more than so many at once.

import type { CheckDeps, CheckKind } from './check-kind.ts'

export interface Turns {
  /** Takes note of who is to be checked now. */
  meet(): Promise<void>
  /** Begins what is due; answers the ms until the next is, infinity when nobody waits. */
  begin(): number
  /** So much time has passed, ms. Counted by our own sleeps: a clock that is set must neither stop nor hurry anything. */
  passed(ms: number): void
  /** Forgets everybody, and how often they failed; what is under way ends by itself. */
  forget(): void
  /** Resolves when nothing is under way any more. */
  ended(): Promise<void>
}

interface Turn<S> {
  readonly subject: S
  restMs: number
  checking: boolean
}

export function turnsOf<S extends { readonly everyMs: number }>(
  { seams, log }: Pick<CheckDeps, 'seams' | 'log'>,
  kind: CheckKind<S>,
  signal: AbortSignal,
): Turns {
  const turns = new Map<string, Turn<S>>()
  const running = new Set<Promise<void>>()
  return {
    async meet() {
      const met = await kind.meet(new Map([...turns].map(([id, { subject }]) => [id, subject])))
      for (const id of turns.keys()) if (!met.has(id)) turns.delete(id)
      for (const [id, subject] of met) {
        if (turns.get(id)?.subject === subject) continue
        turns.set(id, { subject, restMs: Math.floor(seams.random.next() * subject.everyMs), checking: false })
      }
    },
    begin() {
      let soonest = Number.POSITIVE_INFINITY
      for (const turn of turns.values()) {
        if (!turn.checking && turn.restMs <= 0 && running.size < kind.mostAtOnce) check(turn)
        // One that is under way may want the next turn at once.
        soonest = Math.min(soonest, turn.checking ? 0 : turn.restMs)
      }
      return soonest
    },
    passed(ms) {
      for (const turn of turns.values()) turn.restMs -= ms
    },
    forget() {
      turns.clear()
    },
    async ended() {
      await Promise.all(running)
    },
  }

  function check(turn: Turn<S>): void {
    turn.checking = true
    const work = kind
      .examine(turn.subject, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) log(`a check of ${kind.what} could not be made`, { error })
        return turn.subject.everyMs
      })
      .then((restMs) => {
        turn.restMs = restMs
        turn.checking = false
        running.delete(work)
      })
    running.add(work)
  }
}
