// A server that fails call after call is left alone: every further call costs its callers a time-out and keeps the server
// down. The breaker opens, lets one probe through after a pause that grows, and closes when a probe is answered.

import { jittered, type Seams } from '../kernel/seams.ts'

export type BreakerState = 'closed' | 'open' | 'halfOpen'

export interface BreakerView {
  readonly state: BreakerState
  /** Since when it is not closed, or closed again; ms since 1970. */
  readonly since: number
  /** Why it is not closed: the failure that opened it, in the provider's words. */
  readonly reason: string | null
  /** When a probe is let through; null while closed or while one is under way. */
  readonly probeAt: number | null
  /** Calls refused since it opened, COUNT; nothing was sent for them. */
  readonly refused: number
}

export interface Breaker {
  /** Whether a call may go: `probe` is for the one caller who is to find out first. */
  ask(): 'go' | 'probe' | 'refused'
  /** The provider answered, be it with a no. `probe`: this was the call that was let through to find out. */
  answered(probe: boolean): void
  failed(message: string, probe: boolean): void
  /** A person wants it tried: the next call may probe. */
  hurry(): void
  view(): BreakerView
  /** ms until it is worth to ask again. */
  waitMs(): number
}

/** Failures in a row that open it, COUNT. */
const failuresInRow = 5
/** Of the last calls, COUNT, so many failed: it opens though some are answered. */
const recentCalls = 20
const failuresOfRecent = 10
const firstPauseMs = 2_000
const longestPauseMs = 60_000
/** How soon to ask again while a probe is under way, ms. */
const probingMs = 1_000

export function openBreaker({ clock, random }: Seams): Breaker {
  let state: BreakerState = 'closed'
  let since = clock.now()
  let reason: string | null = null
  let probeAt = 0
  let pauses = 0
  let refused = 0
  let inRow = 0
  let recent: boolean[] = []

  function pause(): void {
    state = 'open'
    probeAt = clock.now() + jittered(random, Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(pauses, 8)))
    pauses += 1
  }

  function note(good: boolean): void {
    inRow = good ? 0 : inRow + 1
    recent = [...recent.slice(1 - recentCalls), good]
  }

  return {
    ask() {
      if (state === 'closed') return 'go'
      if (state === 'open' && clock.now() >= probeAt) {
        state = 'halfOpen'
        return 'probe'
      }
      refused += 1
      return 'refused'
    },
    answered(probe) {
      note(true)
      // What was sent before it opened says nothing of now: only the probe closes it.
      if (!probe || state !== 'halfOpen') return
      state = 'closed'
      since = clock.now()
      reason = null
      pauses = 0
      refused = 0
      recent = []
    },
    failed(message, probe) {
      note(false)
      if (probe && state === 'halfOpen') return pause()
      const many = recent.length === recentCalls && recent.filter((good) => !good).length >= failuresOfRecent
      if (state !== 'closed' || !(inRow >= failuresInRow || many)) return
      since = clock.now()
      reason = message
      pause()
    },
    hurry() {
      if (state === 'open') probeAt = clock.now()
    },
    view: () => ({ state, since, reason, probeAt: state === 'open' ? probeAt : null, refused }),
    waitMs: () => (state === 'open' ? Math.max(probingMs, probeAt - clock.now()) : probingMs),
  }
}
