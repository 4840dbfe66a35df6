// For how long something was so, as far as it was watched. The clock of the wall does not tell: it may have been set, or
// this process may have slept between two looks. What counts is time between looks, and of a long gap only its beginning.

export interface Watch {
  /** For how many ms it was seen so, up to `at`. */
  readonly lastsMs: number
  /** The last look, ms since 1970. */
  readonly at: number
}

/** One look more at `now`; of the time since the last one at most `gapMs` counts. */
export function lookedAgain(before: Watch | null | undefined, now: number, gapMs: number): Watch {
  const lastsMs = before ? before.lastsMs + Math.min(Math.max(0, now - before.at), gapMs) : 0
  return { lastsMs, at: now }
}
