// Time that passes only when nothing else can happen: whoever waits sleeps in a list, and when the event loop has come to
// rest the clock jumps to the next sleeper.

import type { Clock } from '../kernel/seams.ts'

export interface ReplayClock extends Clock {
  /** Lets everything happen that needs no time. */
  rest(): Promise<void>
  /** Wakes the next sleeper due by `limit`; false when there is none. */
  wakeNext(limit: number): boolean
}

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

/** Rounds of the event loop that must pass quietly before time may jump. COUNT. */
const quietRounds = 4

export function replayClock(startMs: number): ReplayClock {
  let now = startMs
  let order = 0
  const sleepers = new Set<Sleeper>()
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const aborted = () => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const wake = () => {
          signal?.removeEventListener('abort', aborted)
          resolve()
        }
        const sleeper: Sleeper = { at: now + Math.max(0, ms), order: order++, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', aborted, { once: true })
      }),
    async rest() {
      for (let i = 0; i < quietRounds; i++) await new Promise((resolve) => setImmediate(resolve))
    },
    wakeNext(limit) {
      let next: Sleeper | undefined
      for (const sleeper of sleepers)
        if (!next || sleeper.at < next.at || (sleeper.at === next.at && sleeper.order < next.order)) next = sleeper
      if (!next || next.at > limit) return false
      sleepers.delete(next)
      now = Math.max(now, next.at)
      next.wake()
      return true
    },
  }
}
