import { randomBytes } from 'node:crypto'
import type { Seams } from './seams.ts'

/** The seams of a running server: the machine's own clock, timers and random source. */
export function realSeams(): Seams {
  return {
    clock: { now: () => Date.now(), sleep },
    random: {
      next: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      bytes: (length) => randomBytes(length),
    },
  }
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const timer = setTimeout(done, ms)
    function done() {
      signal?.removeEventListener('abort', aborted)
      resolve()
    }
    function aborted() {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', aborted, { once: true })
  })
}
