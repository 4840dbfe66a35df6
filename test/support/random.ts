import type { Random } from '../../src/kernel/seams.ts'

// A history must run again from its seed, so chance in tests comes from here: sfc32, small and even
// enough for choices (PractRand passes it to 16 TB; it is no cryptography).

/** A deterministic source of chance; the same seed gives the same sequence on every machine. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9 ^ seed
  let b = 0x243f6a88
  let c = 0xb7e15162 ^ (seed >>> 7)
  let counter = 1
  const word = (): number => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  return {
    next: () => word() / 2 ** 32,
    bytes: (length) => {
      const bytes = new Uint8Array(length)
      for (let i = 0; i < length; i++) bytes[i] = word() & 0xff
      return bytes
    },
  }
}
