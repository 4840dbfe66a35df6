// A replay as it is told: what was asked, what went wrong in the world and who took over at their times, and between them
// what the steps come to.

import type { Journal } from '../kernel/journal.ts'
import type { Pair } from './compare.ts'

/** Something as it comes to pass in the replay. `afterMs`: when it was recorded, after the first request. */
export type Happening =
  | { readonly kind: 'request' | 'trouble' | 'takeover'; readonly afterMs: number; readonly text: string }
  | { readonly kind: 'step'; readonly afterMs: number; readonly pair: Pair }

export interface Narration {
  /** Tells what was recorded until then (ms since 1970) and is not told yet. */
  upTo(recorded: number): Promise<void>
  /** Tells what a step came to, and before it what came before it. */
  pair(pair: Pair): Promise<void>
}

export function openNarration(
  journal: Journal,
  tell: (happening: Happening) => Promise<void> = async () => undefined,
): Narration {
  const first = journal.requests[0]?.at ?? 0
  const waiting = happenings(journal).sort((one, other) => one.afterMs - other.afterMs)

  async function tellUpTo(afterMs: number): Promise<void> {
    while (waiting[0] !== undefined && waiting[0].afterMs <= afterMs) {
      const next = waiting.shift()
      if (next) await tell(next)
    }
  }

  return {
    upTo: (recorded) => tellUpTo(recorded - first),
    async pair(pair) {
      // What is beyond the record is told when it comes.
      if (pair.recorded !== null) await tellUpTo(Math.min(pair.afterMs, nextRequest(waiting)))
      await tell({ kind: 'step', afterMs: pair.afterMs, pair })
    },
  }
}

/** Requests are told when they are made, and so is what follows them. */
function nextRequest(waiting: readonly Happening[]): number {
  const next = waiting.find(({ kind }) => kind === 'request')
  return next ? next.afterMs - 1 : Number.POSITIVE_INFINITY
}

function happenings({ requests, troubles, takenOver }: Journal): Happening[] {
  const first = requests[0]?.at ?? 0
  return [
    ...requests.map((request, index): Happening => {
      const { kind, operation, parameters, about } = request
      const given = Object.entries({ ...parameters, ...about }).map(([name, value]) => `${name}=${textOf(value)}`)
      const text = [`#${index + 1}`, kind, ...(operation === null ? [] : [operation]), ...given].join(' ')
      return { kind: 'request', afterMs: request.at - first, text }
    }),
    ...troubles.map(
      ({ at, code, detail }): Happening => ({ kind: 'trouble', afterMs: at - first, text: `${code}: ${detail}` }),
    ),
    ...takenOver.map(({ at, cause }): Happening => ({ kind: 'takeover', afterMs: at - first, text: cause })),
  ]
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
