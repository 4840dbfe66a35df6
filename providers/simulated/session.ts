import type { Clock } from '../../src/kernel/seams.ts'
import { lookHoldsMs, type Observed, type Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Cloud } from './world/cloud.ts'

// Our contract over a cloud that recognises nothing: look first, by key and owner tag, then act. Between the
// look and the act another create may slip in; what that leaves is seen by observe and list as two objects of
// one key, and destroy takes both.

/** A provider session on `cloud`; `close` is called when it is disposed of. */
export function simulatedSession(cloud: Cloud, clock: Clock, close: () => Promise<void> = async () => {}): Session {
  return {
    capabilities: cloud.capabilities(),
    probe: (signal) => unlessAborted(signal, () => cloud.probe()),
    async *inventory(signal) {
      yield* await unlessAborted(signal, () => cloud.hosts())
    },
    create: async (key, request, signal) => {
      const { own: _own, ...plain } = request
      const lookedAt = clock.now()
      const found = await unlessAborted(signal, () => cloud.find([key]))
      const ours = found.find((object) => object.owner === request.owner)
      if (ours !== undefined && ours.state !== 'deleting') return ours.ref
      if (found.some((object) => object.owner !== request.owner)) throw taken(key)
      if (clock.now() - lookedAt > lookHoldsMs) throw stale(key)
      return unlessAborted(signal, () => cloud.create(key, plain))
    },
    async *observe(owner, keys, signal) {
      const wanted = [...keys].map(({ key }) => key)
      if (wanted.length === 0) return
      const found = await unlessAborted(signal, () => cloud.find(wanted))
      yield* found.filter((object) => object.owner === owner)
    },
    destroy: async (owner, key, signal) => {
      const found = await unlessAborted(signal, () => cloud.find([key]))
      const ours = found.filter((object) => object.owner === owner)
      if (ours.length === 0 && found.length > 0) throw taken(key)
      for (const object of ours) await unlessAborted(signal, () => cloud.destroy(object.ref))
    },
    async *list(owner, signal) {
      yield* await unlessAborted(signal, () => cloud.list(owner))
    },
    async *pages(owner, known, signal) {
      yield* await unlessAborted(signal, () => cloud.pages(owner, known))
    },
    power: async (owner, key, to, signal) => {
      const found = await unlessAborted(signal, () => cloud.find([key]))
      const ours = found.filter((object: Observed) => object.owner === owner)
      if (ours.length === 0) throw new ProviderFault({ kind: 'gone', outcome: 'none' }, `there is no machine ${key}`)
      for (const object of ours)
        await unlessAborted(signal, () => cloud.power(object.ref, to === 'shutdown' ? 'off' : to))
    },
    hasImage: (ref, signal) => unlessAborted(signal, () => cloud.hasImage(ref)),
    [Symbol.asyncDispose]: close,
  }
}

function taken(key: string): ProviderFault {
  return new ProviderFault({ kind: 'nameTaken', outcome: 'none' }, `${key} belongs to somebody else's machine`)
}

function stale(key: string): ProviderFault {
  const kind = { kind: 'transient', outcome: 'none' } as const
  return new ProviderFault(kind, `the look for ${key} took so long that somebody may have made it meanwhile`)
}

/** Sends nothing after the signal has aborted; a call under way is left to end, its effect unknown to the caller. */
async function unlessAborted<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw new ProviderFault({ kind: 'transient', outcome: 'none' }, 'aborted before it was sent')
  return new Promise<T>((resolve, reject) => {
    const aborted = (): void =>
      reject(new ProviderFault({ kind: 'transient', outcome: 'unknown' }, 'aborted before it was answered'))
    signal.addEventListener('abort', aborted, { once: true })
    call()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', aborted))
  })
}
