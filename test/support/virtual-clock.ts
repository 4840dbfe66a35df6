import type { Clock, Random, Seams } from '../../src/kernel/seams.ts'
import { seededRandom } from './random.ts'
import { timerHeap } from './timer-heap.ts'

// Time that passes only when nothing else can happen: whoever waits sleeps in a heap, and when the event
// loop has come to rest the clock jumps to the next sleeper. Minutes of history take milliseconds, and
// the order of events depends on the seed alone.

export interface VirtualClock {
  /** Seams for whatever outlives every process: the world. */
  readonly seams: Seams
  now(): number
  /** Seams of one process life. After `end()` nobody wakes from its sleeps any more, as after SIGKILL. */
  life(): Life
  /** Runs the world until `promise` settles, and answers as it does. Throws `Stuck` when nothing can move it. */
  runUntil<T>(promise: Promise<T>, bound?: Bound): Promise<T>
  /** Lets `ms` pass, waking every sleeper on the way. */
  advance(ms: number): Promise<void>
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>
  /** Sleepers that are waiting now, COUNT. */
  readonly sleeping: number
}

export interface Life {
  readonly seams: Seams
  end(): void
}

export interface Bound {
  /** Virtual time this may take; 24 hours by default. */
  readonly ms?: number
  /** Wake-ups this may take, COUNT; 1,000,000 by default. */
  readonly wakeups?: number
}

/** Nothing is left to wake, or the bound is reached: the history hangs. */
export class Stuck extends Error {
  override readonly name = 'Stuck'
}

/** How often the time may be asked before any passes: a loop that never waits would hang the test without a word. */
const mostAsked = 200_000

/** How many rounds of the event loop must pass quietly before time may jump: commit groups take one or two. */
const quietRounds = 3

/** A clock that starts on 1 January 2026, and the chance of `seed`. */
export function virtualClock(seed = 1, startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  const heap = timerHeap()
  const random = seededRandom(seed)
  let now = startMs
  let asked = 0

  const clockOf = (isOver: () => boolean): Clock => ({
    now: () => {
      asked += 1
      if (asked > mostAsked) throw new Stuck(`the time was asked ${asked} times before any passed: something spins`)
      return now
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const aborted = (): void => {
          timer.cancel()
          if (!isOver()) reject(signal?.reason)
        }
        const timer = heap.add(now + Math.max(0, ms), () => {
          signal?.removeEventListener('abort', aborted)
          if (!isOver()) resolve()
        })
        signal?.addEventListener('abort', aborted, { once: true })
      }),
  })

  const settle = async (): Promise<void> => {
    for (let i = 0; i < quietRounds; i++) await new Promise((resolve) => setImmediate(resolve))
  }

  /** Wakes the next sleeper due by `limit`; false when there is none. */
  const wakeNext = (limit: number): boolean => {
    const next = heap.peek()
    if (next === undefined || next > limit) return false
    if (next > now) asked = 0
    now = Math.max(now, next)
    heap.fireNext()
    return true
  }

  return {
    seams: seamsOf(
      clockOf(() => false),
      random,
    ),
    now: () => now,
    life: () => {
      let over = false
      return {
        seams: seamsOf(
          clockOf(() => over),
          random,
        ),
        end: () => {
          over = true
        },
      }
    },
    settle,
    advance: async (ms) => {
      const until = now + ms
      await settle()
      while (wakeNext(until)) await settle()
      now = until
      asked = 0
      await settle()
    },
    runUntil: async (promise, bound = {}) => {
      const limit = now + (bound.ms ?? 24 * 3_600_000)
      let wakeups = bound.wakeups ?? 1_000_000
      let settled = false
      const mark = (): void => {
        settled = true
      }
      promise.then(mark, mark)
      await settle()
      while (!settled) {
        if (wakeups-- === 0) throw new Stuck('too many wake-ups: something spins without getting on')
        if (!wakeNext(limit))
          throw new Stuck(heap.peek() === undefined ? 'nobody sleeps and nothing moves' : 'the time allowed is over')
        await settle()
      }
      return promise
    },
    get sleeping() {
      return heap.size
    },
  }
}

function seamsOf(clock: Clock, random: Random): Seams {
  return { clock, random }
}
