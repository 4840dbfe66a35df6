// An address is not a server. What a server does not show is gone only if it is the server that was asked to make it, so
// everything that is concluded from absence is proven afterwards: a proof made before the look says nothing of a server
// that was exchanged between the two.

import type { Session } from './contract.ts'
import { ProviderFault } from './fault.ts'

/** Another server answers where ours did. Nothing follows from it for any machine. */
export class OtherServer extends ProviderFault {
  readonly known: string
  readonly answers: string

  constructor(known: string, answers: string) {
    super(
      { kind: 'denied', outcome: 'none' },
      `another server answers at its address: ${answers}, and not ${known}. Nothing is concluded from what it shows. ` +
        `Let the address lead to the right server again; if it is the same one under a new identity (a renewed ` +
        `certificate), accept it: gantry provider set <provider> --accept-identity ${answers}`,
    )
    this.name = 'OtherServer'
    this.known = known
    this.answers = answers
  }
}

/** Who answers, in the cheapest way the session has. Throws ProviderFault. */
export async function identify(session: Session, signal: AbortSignal): Promise<string> {
  return session.identify ? session.identify(signal) : (await session.probe(signal)).identity
}

/** Throws OtherServer. */
export function requireSame(known: string, answers: string): void {
  if (known !== answers) throw new OtherServer(known, answers)
}

/**
 * The session, whose looks end in OtherServer unless the server of this identity answered them. Creates rest on a look
 * that found nothing, and destroys are believed by a look that finds nothing: neither needs a proof of its own.
 */
export function provenSession<S>(session: Session<S>, known: string): Session<S> {
  const { pages } = session
  const prove = async (signal: AbortSignal) => requireSame(known, await identify(session, signal))
  return {
    ...session,
    async *inventory(signal) {
      const hosts = await Array.fromAsync(session.inventory(signal))
      await prove(signal)
      yield* hosts
    },
    async *observe(owner, keys, signal) {
      const asked = [...keys]
      const seen = await Array.fromAsync(session.observe(owner, asked, signal))
      const found = new Set(seen.map(({ key }) => key))
      if (asked.some(({ key }) => !found.has(key))) await prove(signal)
      yield* seen
    },
    async *list(owner, signal) {
      const objects = await Array.fromAsync(session.list(owner, signal))
      await prove(signal)
      yield* objects
    },
    ...(pages && {
      async *pages(owner, known, signal) {
        const seen = await Array.fromAsync(pages(owner, known, signal))
        await prove(signal)
        yield* seen
      },
    }),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}
