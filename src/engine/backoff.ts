import { jittered, type Random } from '../kernel/seams.ts'

// How long to wait after the n-th failure, and after giving up: a blocked step is tried again slowly by
// itself, because the person who mends the cause should not also have to say so.

const firstMs = 1_000
const longestMs = 60_000
export const blockedRetryMs = 300_000

/** ms until the next attempt after `failures` failed ones (1 or more): doubling, capped, jittered. */
export function backoffMs(random: Random, failures: number): number {
  return jittered(random, Math.min(longestMs, firstMs * 2 ** Math.min(16, failures - 1)))
}
