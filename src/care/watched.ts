// For how long something is so at a provider, by key. Forgetting (a restart) makes care wait longer, never act sooner.

import { lookedAgain, type Watch } from '../kernel/watched.ts'

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
  const seen = new Map<string, Watch>()
  return {
    see(key, now) {
      const watch = lookedAgain(seen.get(key), now, gapMs)
      seen.set(key, watch)
      return watch.lastsMs
    },
    has: (key) => seen.has(key),
    keep(keys) {
      for (const key of seen.keys()) if (!keys.has(key)) seen.delete(key)
    },
  }
}
