// The weather of a provider, and the one door every call to it goes through: a breaker for a server that is down, a pause
// for one that asks for it (429 with Retry-After), a token bucket for one that must not be asked too often. A call that
// the door refuses was never sent, and says so: `outcome: none`. What was sent already is left alone, whatever becomes of
// the weather meanwhile, because its effect would otherwise be unknown for no reason.

import type { Seams } from '../kernel/seams.ts'
import { faultOf } from './bounded.ts'
import { type BreakerView, openBreaker } from './breaker.ts'
import { ProviderFault } from './fault.ts'
import { type CallKind, callKinds, type Figures, type Sample, statistics } from './statistics.ts'
import { type RateLimit, tokenBucket } from './token-bucket.ts'

/** A call that was not sent because of the weather; the same call may be made after `retryAfterMs`. */
export class HeldBack extends ProviderFault {
  readonly because: 'breaker' | 'throttled' | 'rateLimit'
  /** For how long the breaker has been open, ms; else 0. */
  readonly lastsMs: number

  constructor(because: HeldBack['because'], retryAfterMs: number, message: string, lastsMs = 0) {
    super({ kind: 'transient', outcome: 'none', retryAfterMs }, message)
    this.name = 'HeldBack'
    this.because = because
    this.lastsMs = lastsMs
  }
}

export interface WeatherView {
  /** Over all calls of the last minutes, and by kind of call. */
  readonly all: Figures
  readonly byKind: Readonly<Record<CallKind, Figures>>
  readonly breaker: BreakerView
  /** Until when the provider asked not to be called; null when it did not. */
  readonly pausedUntil: number | null
  readonly rateLimit: RateLimit | null
  /** Calls that wait for their turn, COUNT, and for how many ms the first of them. */
  readonly queued: number
  readonly longestMs: number
}

export interface Weather {
  /**
   * Makes the call when the weather allows it. Looks wait for a while; what changes something is refused instead, since
   * who asked for it may have lost the right to by then. `probe` asks the server whether it is there, cheaply. Throws
   * HeldBack, and whatever the call throws.
   */
  through<T>(call: Call<T>): Promise<T>
  view(): WeatherView
  /** Why calls are held back now, in words that stay the same while nothing changes; null: they are not. */
  reason(): string | null
  /** A person wants it tried now: the next call may find out whether the provider answers again. */
  hurry(): void
  /** The provider was changed: another limit, and a breaker that begins anew. */
  changed(name: string, limit: RateLimit | null): void
}

export interface Call<T> {
  readonly kind: CallKind
  readonly signal: AbortSignal
  readonly send: () => Promise<T>
  /** null: the call is itself the probe. */
  readonly probe: ((signal: AbortSignal) => Promise<unknown>) | null
}

/** How long a call waits for its turn before it is refused, ms. Of changes: less than a lease must have left. */
const patience: Readonly<Record<CallKind, number>> = { connect: 30_000, look: 30_000, create: 1_000, change: 1_000 }

/** `closing` ends a probe that nobody waits for any more. */
export function weatherOf(seams: Seams, name: string, limit: RateLimit | null, closing: AbortSignal): Weather {
  const { clock } = seams
  const stats = statistics()
  const queue = new Map<symbol, number>()
  let called = name
  let rateLimit = limit
  let bucket = tokenBucket(clock, limit)
  let breaker = openBreaker(seams)
  let pausedUntil = 0
  let probing: Promise<void> | null = null

  async function through<T>(call: Call<T>): Promise<T> {
    const isProbe = await pastBreaker(call)
    await turn(call)
    // It may have opened while the call waited for its turn.
    if (!isProbe && breaker.view().state !== 'closed') throw closedDoor()
    return measured(call.kind, call.signal, call.send, isProbe)
  }

  /** True when the call is itself the probe. */
  async function pastBreaker<T>({ kind, signal, probe }: Call<T>): Promise<boolean> {
    const verdict = breaker.ask()
    if (verdict === 'go') return false
    if (verdict === 'probe' && probe === null) return true
    if (verdict === 'probe' && probe !== null) {
      probing = measured('look', closing, () => probe(closing), true)
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => {
          probing = null
        })
    }
    // A look may wait for what the probe finds; it changes nothing, however late it comes.
    if (probing !== null && kind === 'look') {
      await endOf(probing, signal)
      if (breaker.view().state === 'closed') return false
    }
    throw closedDoor()
  }

  function closedDoor(): HeldBack {
    const lastsMs = clock.now() - breaker.view().since
    return new HeldBack('breaker', breaker.waitMs(), reason() ?? `provider ${called} is being probed`, lastsMs)
  }

  /** Resolves when it is the call's turn. */
  async function turn<T>({ kind, signal }: Call<T>): Promise<void> {
    const paused = pausedUntil - clock.now()
    if (paused > patience[kind]) throw new HeldBack('throttled', paused, reason() ?? '')
    const waitMs = Math.max(paused, bucket.take())
    if (waitMs <= 0) return
    if (waitMs > patience[kind]) {
      bucket.giveBack()
      throw new HeldBack('rateLimit', waitMs, limitText())
    }
    const place = Symbol(kind)
    queue.set(place, clock.now())
    try {
      await clock.sleep(waitMs, signal)
    } catch (error) {
      bucket.giveBack()
      throw faultOf(error, 'none')
    } finally {
      queue.delete(place)
    }
  }

  async function measured<T>(
    kind: CallKind,
    signal: AbortSignal,
    send: () => Promise<T>,
    isProbe: boolean,
  ): Promise<T> {
    const began = clock.now()
    const note = (end: Sample['end']) => stats.add({ kind, at: clock.now(), tookMs: clock.now() - began, end })
    try {
      const answer = await send()
      note('answered')
      breaker.answered(isProbe)
      return answer
    } catch (error) {
      // Who gave up by himself says nothing of the provider.
      if (signal.aborted) {
        if (isProbe) breaker.failed('the probe was given up', true)
        throw error
      }
      if (!(error instanceof ProviderFault) || error.kind === 'transient') failed(error, note, isProbe)
      else {
        note('refused')
        breaker.answered(isProbe)
      }
      throw error
    }
  }

  function failed(error: unknown, note: (end: Sample['end']) => void, isProbe: boolean): void {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof ProviderFault && error.retryAfterMs !== undefined) {
      note('throttled')
      pausedUntil = Math.max(pausedUntil, clock.now() + error.retryAfterMs)
      breaker.answered(isProbe)
    } else {
      note('failed')
      breaker.failed(message, isProbe)
    }
  }

  function limitText(): string {
    return `provider ${called} is asked no more than ${rateLimit?.perSecond} times a second`
  }

  function reason(): string | null {
    const { state, since, reason: why } = breaker.view()
    if (state !== 'closed') {
      const at = new Date(since).toISOString().slice(11, 19)
      return `provider ${called} has not answered since ${at} UTC (${why}); it is left alone and probed from time to time`
    }
    if (pausedUntil > clock.now()) {
      return `provider ${called} asked not to be called until ${new Date(pausedUntil).toISOString().slice(11, 19)} UTC`
    }
    return queue.size > 0 ? limitText() : null
  }

  return {
    through,
    reason,
    hurry: () => breaker.hurry(),
    changed(newName, newLimit) {
      called = newName
      if (rateLimit?.perSecond !== newLimit?.perSecond || rateLimit?.burst !== newLimit?.burst) {
        rateLimit = newLimit
        bucket = tokenBucket(clock, newLimit)
      }
      breaker = openBreaker(seams)
      pausedUntil = 0
    },
    view() {
      const now = clock.now()
      const byKind = Object.fromEntries(callKinds.map((kind) => [kind, stats.figures(now, kind)]))
      return {
        all: stats.figures(now),
        byKind: byKind as Record<CallKind, Figures>,
        breaker: breaker.view(),
        pausedUntil: pausedUntil > now ? pausedUntil : null,
        rateLimit,
        queued: queue.size,
        longestMs: Math.max(0, ...[...queue.values()].map((at) => now - at)),
      }
    },
  }
}

/** Resolves when `work` is over; rejects with a fault when the signal aborts before. */
async function endOf(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>()
  const leave = () => aborted.reject(faultOf(signal.reason, 'none'))
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  try {
    await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
