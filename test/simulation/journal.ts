// What happened, line by line. Two runs of a seed are the same history exactly when their journals hash alike.

import { createHash } from 'node:crypto'

export interface Journal {
  note(line: string): void
  /** sha256 in hex over all lines so far. */
  hash(): string
  /** The last lines, oldest first. */
  readonly tail: readonly string[]
  /** Lines noted, COUNT. */
  readonly length: number
}

/** Lines kept to be shown when an invariant does not hold. */
const kept = 400

/** @param told hears every line at once, for `--verbose`. */
export function openJournal(now: () => number, told?: (line: string) => void): Journal {
  const startedAt = now()
  const hash = createHash('sha256')
  const tail: string[] = []
  let length = 0
  return {
    tail,
    get length() {
      return length
    },
    note(text) {
      const line = `${((now() - startedAt) / 1000).toFixed(3)} ${text}`
      hash.update(line)
      hash.update('\n')
      length += 1
      tail.push(line)
      if (tail.length > 2 * kept) tail.splice(0, kept)
      told?.(line)
    },
    hash: () => hash.copy().digest('hex'),
  }
}
