import type { Random } from '../../src/kernel/seams.ts'

// A history must run again from its seed, so chance in tests comes from here: sfc32, small and even
// enough for choices (PractRand passes it to 16 TB; it is no cryptography).

/** Where a sequence is: what is still to come follows from it. */
export type RandomState = readonly [a: number, b: number, c: number, counter: number]

export interface SeededRandom extends Random {
  state(): RandomState
}

/** A deterministic source of chance; the same seed gives the same sequence on every machine. */
export function seededRandom(seed: number): SeededRandom {
  const random = randomFrom([0x9e3779b9 ^ seed, 0x243f6a88, 0xb7e15162 ^ (seed >>> 7), 1])
  for (let i = 0; i < 12; i++) random.next()
  return random
}

/** Goes on where another one was. */
export function randomFrom([a, b, c, counter]: RandomState): SeededRandom {
  const word = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  return {
    state: () => [a, b, c, counter],
    next: () => word() / 2 ** 32,
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i++) bytes[i] = word() & 0xff
      return bytes
    },
  }
}
