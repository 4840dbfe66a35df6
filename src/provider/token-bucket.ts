// How many calls a provider may get: `perSecond` in the long run, `burst` at once. Who finds it empty takes a token that
// is not there yet and waits for it, so that callers go in their order.

import type { Clock } from '../kernel/seams.ts'

export interface RateLimit {
  /** Calls a second in the long run, COUNT. */
  readonly perSecond: number
  /** Calls at once after a rest, COUNT. */
  readonly burst: number
}

export interface TokenBucket {
  /** Takes a token; answers after how many ms it may be used. */
  take(): number
  /** Gives back a token that was not used. */
  giveBack(): void
  /** Tokens there are, COUNT; below zero: so many are promised. */
  left(): number
}

/** A full bucket. Without a limit there is always a token. */
export function tokenBucket(clock: Clock, limit: RateLimit | null): TokenBucket {
  let tokens = limit?.burst ?? 0
  let at = clock.now()

  function refill({ perSecond, burst }: RateLimit): void {
    const now = clock.now()
    // A clock that was set back refills nothing.
    tokens = Math.min(burst, tokens + (Math.max(0, now - at) * perSecond) / 1_000)
    at = now
  }

  return {
    take() {
      if (limit === null) return 0
      refill(limit)
      tokens -= 1
      return tokens >= 0 ? 0 : Math.ceil((-tokens * 1_000) / limit.perSecond)
    },
    giveBack() {
      if (limit !== null) tokens = Math.min(limit.burst, tokens + 1)
    },
    left() {
      if (limit === null) return Number.POSITIVE_INFINITY
      refill(limit)
      return tokens
    },
  }
}
