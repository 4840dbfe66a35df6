// Every call to a provider ends, and ends in an answer or a fault, whatever a kind does: a server that accepts and then
// says nothing would else hold a run, a scan and the closing of the process for ever.

import { noMore } from '../kernel/no-more.ts'
import type { Clock } from '../kernel/seams.ts'
import type { Session } from './contract.ts'
import { type FaultFacts, ProviderFault } from './fault.ts'

/** How long calls may take, ms. A look may be long: it can speak of thousands. */
const limits = {
  look: 120_000,
  /** An image may be copied first, and others may be before us in the kind's own queue. */
  create: 900_000,
  change: 300_000,
}

type Outcome = FaultFacts['outcome']

/** The session with a limit on every call; what it throws beside faults is one whose effect is unknown. */
export function boundedSession<S>(session: Session<S>, clock: Clock): Session<S> {
  const { pages } = session
  const look = <T>(signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>) =>
    answeredWithin(clock, limits.look, 'none', signal, call)
  return {
    capabilities: session.capabilities,
    probe: (signal) => look(signal, (until) => session.probe(until)),
    ...(session.identify && {
      identify: (signal) => look(signal, async (until) => (await session.identify?.(until)) ?? ''),
    }),
    inventory: (signal) => lookEach(clock, signal, (until) => session.inventory(until)),
    create: (key, request, signal) =>
      answeredWithin(clock, limits.create, 'unknown', signal, (until) => session.create(key, request, until)),
    observe: (owner, keys, signal) => lookEach(clock, signal, (until) => session.observe(owner, keys, until)),
    destroy: (owner, key, signal) =>
      answeredWithin(clock, limits.change, 'unknown', signal, (until) => session.destroy(owner, key, until)),
    list: (owner, signal) => lookEach(clock, signal, (until) => session.list(owner, until)),
    ...(pages && {
      pages: (owner, known, signal) => lookEach(clock, signal, (until) => pages(owner, known, until)),
    }),
    ...(session.power && {
      power: (owner, key, to, signal) =>
        answeredWithin(clock, limits.change, 'unknown', signal, async (until) =>
          session.power?.(owner, key, to, until),
        ),
    }),
    ...(session.hasImage && {
      hasImage: (ref, signal) => look(signal, async (until) => (await session.hasImage?.(ref, until)) ?? true),
    }),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** What was looked at is read to its end before anything of it is given out, so that the reader's time is not counted. */
async function* lookEach<T>(
  clock: Clock,
  signal: AbortSignal,
  call: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncIterable<T> {
  yield* await answeredWithin(clock, limits.look, 'none', signal, (until) => Array.fromAsync(call(until)))
}

/** The same as `within`, for a call to a provider: whatever it throws that is no fault is a transient one. */
export async function answeredWithin<T>(
  clock: Clock,
  ms: number,
  outcome: Outcome,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    return await within(clock, ms, outcome, signal, call)
  } catch (error) {
    throw faultOf(error, outcome)
  }
}

/**
 * Answers or throws as `call` does, or throws a transient fault after `ms` or when `signal` aborts, having aborted the
 * call; it is not waited for any longer. `outcome`: what is known of the effect then.
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  outcome: Outcome,
  signal: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal.aborted) throw faultOf(signal.reason, 'none')
  const over = new AbortController()
  const timer = new AbortController()
  const ended = Promise.withResolvers<never>()
  const end = (reason: unknown) => {
    const fault = faultOf(reason, outcome)
    ended.reject(fault)
    over.abort(fault)
  }
  const aborted = () => end(signal.reason)
  signal.addEventListener('abort', aborted, { once: true })
  clock.sleep(ms, timer.signal).then(
    () => end(new Error(`it did not answer within ${ms / 1000} s`)),
    () => undefined,
  )
  try {
    return await Promise.race([call(over.signal), ended.promise])
  } finally {
    signal.removeEventListener('abort', aborted)
    timer.abort(noMore)
  }
}

/** The error as a fault: what is none yet is a transient one of this outcome. */
export function faultOf(error: unknown, outcome: Outcome): ProviderFault {
  if (error instanceof ProviderFault) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ProviderFault({ kind: 'transient', outcome }, message, { cause: error })
}
