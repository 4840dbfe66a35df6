// One open session per provider, shared by everything that works in this process. A session belongs to one version of
// the provider's row: a new password or address makes a new session at the next use, and nobody has to be told. It is
// given out only after its server proved to be the one the provider was registered with.

import type { ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import { answeredWithin, boundedSession } from './bounded.ts'
import type { ProviderKind, Session } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { identify, provenSession, requireSame } from './identity.ts'
import type { RateLimit } from './token-bucket.ts'
import { type Weather, weatherOf } from './weather.ts'
import { weatheredSession } from './weathered.ts'

/** Kinds by name; a heavy one may be loaded when it is first used. */
export interface Kinds {
  readonly names: readonly string[]
  get(kind: string): Promise<ProviderKind | undefined>
}

export interface LoadedProvider {
  /** As people call it. */
  readonly name: string
  readonly rateLimit: RateLimit | null
  readonly kind: string
  /** Parsed by the kind's schema, secrets resolved. */
  readonly config: unknown
  readonly version: number
  /** Of its server; null when it was registered before identities were kept. */
  readonly identity: string | null
}

export interface Sessions extends AsyncDisposable {
  /** The provider's session. Throws ProviderFault: `transient` when it cannot be reached, `denied`, `gone`; OtherServer. */
  get(provider: ProviderId): Promise<Session>
  /** How the provider answers, as this process sees it; undefined while it was not spoken to. */
  weather(provider: ProviderId): Weather | undefined
  /** Closes the session of a provider that was deleted. */
  forget(provider: ProviderId): Promise<void>
}

export interface SessionsOptions {
  readonly kinds: Kinds
  /**
   * The provider's row as it is now; 'unchanged' when its version is `known`; undefined when it is deleted.
   * Must not throw for anything that trying again would not cure, except ProviderFault.
   */
  load(provider: ProviderId, known: number | undefined): Promise<LoadedProvider | 'unchanged' | undefined>
  /** Writes down who the server is of a provider that has no identity yet; answers what counts: another may be first. */
  adopt(provider: ProviderId, identity: string): Promise<string>
  readonly seams: Seams
}

interface Open {
  readonly version: number
  readonly session: Promise<Session>
}

/** How long calls in flight may go on with a session that was replaced, ms. */
const retireMs = 600_000

/** How long connecting may take, ms. */
const connectMs = 60_000

/** Sessions of providers, opened at first use; disposing closes them all. */
export function openSessions({ kinds, load, adopt, seams }: SessionsOptions): Sessions {
  const open = new Map<ProviderId, Open>()
  const weathers = new Map<ProviderId, Weather>()
  /** The version of the row that the weather was made or changed for. */
  const versions = new Map<ProviderId, number>()
  const closing = new AbortController()
  const retired: { readonly session: Promise<Session>; readonly at: number }[] = []

  async function get(provider: ProviderId): Promise<Session> {
    const known = open.get(provider)
    const loaded = await load(provider, known?.version)
    await closeRetired(seams.clock.now() - retireMs)
    if (loaded === 'unchanged') {
      // Between our look and the answer the session may have failed and been dropped: then begin again.
      const current = open.get(provider)
      return current ? current.session : get(provider)
    }
    if (loaded === undefined) {
      retire(provider)
      throw new ProviderFault({ kind: 'gone', outcome: 'none' }, `provider ${provider} is deleted`)
    }
    const current = open.get(provider)
    if (current && current.version >= loaded.version) return current.session
    retire(provider)
    const session = connectInWeather(provider, loaded)
    const entry = { version: loaded.version, session }
    open.set(provider, entry)
    // A failed connection is not kept: the next caller tries again.
    session.catch(() => {
      if (open.get(provider) === entry) open.delete(provider)
    })
    return session
  }

  async function connectInWeather(provider: ProviderId, loaded: LoadedProvider): Promise<Session> {
    const weather = weatherAt(provider, loaded)
    const { signal } = closing
    return weather.through({
      kind: 'connect',
      signal,
      probe: null,
      send: () => connectProven(provider, loaded, weather),
    })
  }

  function weatherAt(provider: ProviderId, { name, rateLimit, version }: LoadedProvider): Weather {
    const known = weathers.get(provider)
    if (!known) {
      const weather = weatherOf(seams, name, rateLimit, closing.signal)
      weathers.set(provider, weather)
      versions.set(provider, version)
      return weather
    }
    // What was learned of the old address or password says nothing of the new one.
    if (versions.get(provider) !== version) known.changed(name, rateLimit)
    versions.set(provider, version)
    return known
  }

  async function connectProven(provider: ProviderId, loaded: LoadedProvider, weather: Weather): Promise<Session> {
    const session = await connect(kinds, loaded, seams)
    try {
      const answers = await identify(session, new AbortController().signal)
      const known = loaded.identity ?? (await adopt(provider, answers))
      requireSame(known, answers)
      return provenSession(weatheredSession(session, weather), known)
    } catch (error) {
      await dispose(Promise.resolve(session))
      throw error
    }
  }

  function retire(provider: ProviderId): void {
    const entry = open.get(provider)
    if (!entry) return
    open.delete(provider)
    retired.push({ session: entry.session, at: seams.clock.now() })
  }

  async function closeRetired(before: number): Promise<void> {
    while (retired[0] && retired[0].at <= before) await dispose(retired.shift()?.session)
  }

  return {
    get,
    weather: (provider) => weathers.get(provider),
    async forget(provider) {
      weathers.delete(provider)
      versions.delete(provider)
      const session = open.get(provider)?.session
      open.delete(provider)
      await dispose(session)
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('this process is closing'))
      for (const provider of [...open.keys()]) retire(provider)
      await closeRetired(Number.POSITIVE_INFINITY)
    },
  }
}

/** Connects once. Whatever a kind throws that is no fault is taken as unreachable: nothing was asked of it yet. Every call of the session ends. */
export async function connect(
  kinds: Kinds,
  provider: { readonly kind: string; readonly config: unknown },
  seams: Seams,
): Promise<Session> {
  const kind = await kinds.get(provider.kind)
  if (!kind) {
    throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, `no provider kind ${provider.kind} is installed`)
  }
  const signal = new AbortController().signal
  const connecting = () => kind.connect(provider.config, seams)
  return boundedSession(await answeredWithin(seams.clock, connectMs, 'none', signal, connecting), seams.clock)
}

async function dispose(session: Promise<Session> | undefined): Promise<void> {
  try {
    await (await session)?.[Symbol.asyncDispose]()
  } catch {
    // It never opened, or broke while closing: there is nothing left to close either way.
  }
}
