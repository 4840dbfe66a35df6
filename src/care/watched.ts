// For how long something was so, as far as this process watched it. The clock of the wall does not tell: it may have
// been set, or this process may have slept between two looks. What counts is time between looks, and of a long gap only
// its beginning. Forgetting (a restart) makes care wait longer, never act sooner.

/** So much of the time between two looks counts at most, ms. */
const gapMs = 60_000

export interface Watched {
  /** Notes that it is so at `now`; answers for how many ms it has been seen so, 0 at first sight. */
  see(key: string, now: number): number
  has(key: string): boolean
  /** Forgets whatever is not among `keys`: it is so no more. */
  keep(keys: ReadonlySet<string>): void
}

export function watched(): Watched {
  const seen = new Map<string, { readonly lastsMs: number; readonly at: number }>()
  return {
    see(key, now) {
      const before = seen.get(key)
      const lastsMs = before ? before.lastsMs + Math.min(Math.max(0, now - before.at), gapMs) : 0
      seen.set(key, { lastsMs, at: now })
      return lastsMs
    },
    has: (key) => seen.has(key),
    keep(keys) {
      for (const key of seen.keys()) if (!keys.has(key)) seen.delete(key)
    },
  }
}
