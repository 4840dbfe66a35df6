import type { Random } from '../../../src/kernel/seams.ts'

export interface Chance extends Random {
  /** As a seed it gives what this one has still to give. */
  state(): number
}

/** Chance that depends on the seed alone (mulberry32), so that a world misbehaves in the same way every time. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const word = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  return {
    state: () => state,
    next: () => word() / 2 ** 32,
    bytes: (length) => Uint8Array.from({ length }, () => word() & 0xff),
  }
}
