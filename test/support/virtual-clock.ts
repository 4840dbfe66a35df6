import type { Clock, Random, Seams } from '../../src/kernel/seams.ts'
import { type RandomState, randomFrom, seededRandom } from './random.ts'
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
  /** For a clock that goes on from here; undefined while somebody sleeps who would still wake. */
  state(): ClockState | undefined
}

export interface ClockState {
  /** ms since 1970. */
  readonly now: number
  readonly random: RandomState
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

/** Somebody's sleeps, until it is over. */
interface Sleeper {
  over: boolean
  /** COUNT */
  waiting: number
}

/** A clock that starts on 1 January 2026, and the chance of `seed`. */
export function virtualClock(seed = 1, startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  return clockFrom({ now: startMs, random: seededRandom(seed).state() })
}

/** A clock that goes on where another one was. */
export function clockFrom(state: ClockState): VirtualClock {
  const heap = timerHeap()
  const random = randomFrom(state.random)
  let now = state.now
  let asked = 0
  const sleepers = new Set<Sleeper>()

  const sleeper = (): Sleeper => {
    const made = { over: false, waiting: 0 }
    sleepers.add(made)
    return made
  }

  const clockOf = (self: Sleeper): Clock => ({
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
          self.waiting -= 1
          if (!self.over) reject(signal?.reason)
        }
        const timer = heap.add(now + Math.max(0, ms), () => {
          signal?.removeEventListener('abort', aborted)
          self.waiting -= 1
          if (!self.over) resolve()
        })
        self.waiting += 1
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
    seams: seamsOf(clockOf(sleeper()), random),
    now: () => now,
    life: () => {
      const self = sleeper()
      return {
        seams: seamsOf(clockOf(self), random),
        end: () => {
          self.over = true
          sleepers.delete(self)
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
    state: () => ([...sleepers].some(({ waiting }) => waiting > 0) ? undefined : { now, random: random.state() }),
  }
}

function seamsOf(clock: Clock, random: Random): Seams {
  return { clock, random }
}
