// Time that passes only when nothing else can happen: whoever waits sleeps in a list, and when the event loop has come to
// rest the clock jumps to the next sleeper.

import type { Clock } from '../kernel/seams.ts'

export interface ReplayClock extends Clock {
  /** Lets everything happen that needs no time. */
  rest(): Promise<void>
  /** Wakes the next sleeper due by `limit`; false when there is none. */
  wakeNext(limit: number): boolean
  /** Lets time pass, as far as it is needed, until the promise settles. */
  until<T>(promise: Promise<T>): Promise<T>
  /** Lets time pass until then, ms since 1970. */
  passTo(instant: number): Promise<void>
}

interface Sleeper {
  readonly at: number
  readonly order: number
  readonly wake: () => void
}

/** Rounds of the event loop that must pass quietly before time may jump. COUNT. */
const quietRounds = 4
/** What takes more wake-ups than this will never end. COUNT. */
const mostWakeUps = 2_000_000

export function replayClock(startMs: number): ReplayClock {
  let now = startMs
  let order = 0
  const sleepers = new Set<Sleeper>()
  let lyingDown = Promise.withResolvers<void>()

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
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
      lyingDown.resolve()
      lyingDown = Promise.withResolvers()
    })
  }

  async function rest(): Promise<void> {
    for (let i = 0; i < quietRounds; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  function wakeNext(limit: number): boolean {
    let next: Sleeper | undefined
    for (const sleeper of sleepers)
      if (!next || sleeper.at < next.at || (sleeper.at === next.at && sleeper.order < next.order)) next = sleeper
    if (!next || next.at > limit) return false
    sleepers.delete(next)
    now = Math.max(now, next.at)
    next.wake()
    return true
  }

  return {
    now: () => now,
    sleep,
    rest,
    wakeNext,
    async until(promise) {
      let settled = false
      const mark = () => {
        settled = true
      }
      const over = promise.then(mark, mark)
      for (let wakeUps = 0; !settled; wakeUps++) {
        await rest()
        if (settled) break
        if (wakeUps > mostWakeUps) throw new Error('the replay does not get on: something sleeps again and again')
        // Nobody waits for time, so what is waited for is real: a file that is read.
        if (!wakeNext(Number.POSITIVE_INFINITY)) await Promise.race([over, lyingDown.promise])
      }
      return promise
    },
    async passTo(instant) {
      if (instant <= now) return rest()
      // So that time is that late even where nobody sleeps until then.
      const arrived = sleep(instant - now)
      await rest()
      while (wakeNext(instant)) await rest()
      await arrived
    },
  }
}
