// A session whose every call goes through the door of its provider's weather.

import type { Session } from './contract.ts'
import type { CallKind } from './statistics.ts'
import type { Weather } from './weather.ts'

/** The session behind the door. Its calls throw HeldBack for what was not sent. */
export function weatheredSession<S>(session: Session<S>, weather: Weather): Session<S> {
  const { pages, identify, power, hasImage } = session
  const probe = async (signal: AbortSignal) => (identify ? identify(signal) : session.probe(signal))
  const through = <T>(kind: CallKind, signal: AbortSignal, send: () => Promise<T>): Promise<T> =>
    weather.through({ kind, signal, send, probe })
  const each = async function* <T>(signal: AbortSignal, items: () => AsyncIterable<T>): AsyncIterable<T> {
    yield* await through('look', signal, () => Array.fromAsync(items()))
  }
  return {
    capabilities: session.capabilities,
    probe: (signal) => through('look', signal, () => session.probe(signal)),
    ...(identify && { identify: (signal) => through('look', signal, () => identify(signal)) }),
    inventory: (signal) => each(signal, () => session.inventory(signal)),
    create: (key, request, signal) => through('create', signal, () => session.create(key, request, signal)),
    observe: (owner, keys, signal) => each(signal, () => session.observe(owner, keys, signal)),
    destroy: (owner, key, signal) => through('change', signal, () => session.destroy(owner, key, signal)),
    list: (owner, signal) => each(signal, () => session.list(owner, signal)),
    ...(pages && { pages: (owner, known, signal) => each(signal, () => pages(owner, known, signal)) }),
    ...(power && {
      power: (owner, key, to, signal) => through('change', signal, () => power(owner, key, to, signal)),
    }),
    ...(hasImage && { hasImage: (ref, signal) => through('look', signal, () => hasImage(ref, signal)) }),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
