// The world is passed in: whatever is nondeterministic (time, chance) reaches our code through these
// functions only, so that a test can own it and a history can be run again from its seed.

/** Wall clock and timers. All instants are milliseconds since 1970 UTC. */
export interface Clock {
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  bytes(length: number): Uint8Array
}

export interface Seams {
  readonly clock: Clock
  readonly random: Random
}

/** A number of milliseconds spread by +-20 %, so that many waiters do not come back in step. */
export function jittered(random: Random, ms: number): number {
  return Math.round(ms * (0.8 + 0.4 * random.next()))
}
