// What each step came to, and what was decided, recorded and replayed, side by side: per step and in its order, because
// steps that do not depend on each other may come in another one.

import { z } from 'zod'
import type { Journal } from '../kernel/journal.ts'
import type { Db } from '../store/store.ts'
import { plainKey } from './keys.ts'

export interface Pair {
  /** A step by its key; `decision/replace/worker-1@1` for what was decided. */
  readonly step: string
  /** `done`, `failed script_failed`, ...; null: it came to nothing. */
  readonly recorded: string | null
  readonly replayed: string | null
  /** When it was recorded, or replayed where it was not; ms since the first request. */
  readonly afterMs: number
  /** When it was replayed, ms since the first request of the replay; null: it was not. */
  readonly replayedAfterMs: number | null
  /** What the step said as it was recorded, where it was no success. */
  readonly detail: string | null
}

/** Events that tell what a step came to. */
export const outcomeKinds = ['step.done', 'step.failed', 'step.blocked'] as const

interface Outcome {
  readonly step: string
  /** ms since 1970. */
  readonly at: number
  readonly what: string
  readonly detail: string | null
}

export interface Comparison {
  /** Takes up what the replay has come to since it was last asked; answers it with its counterparts, in its order. */
  follow(db: Db): Promise<readonly Pair[]>
  /** All so far. */
  readonly pairs: readonly Pair[]
  /** The first that is otherwise than recorded. */
  readonly contradiction: Pair | undefined
  /** What was recorded by then (ms since 1970) and has not come yet, in its order. */
  missing(upTo: number): readonly Pair[]
}

/**
 * `startedAt`: when the replay made the first request; `tasks`: those of the requests made so far, in their order, which
 * grows.
 */
export function comparisonWith(
  journal: Journal,
  startedAt: number,
  tasks: readonly { readonly task: string | null }[],
): Comparison {
  const [first] = journal.requests
  const recorded = recordedOutcomes(journal)
  const queues = Map.groupBy(recorded, ({ step }) => step)
  const left = new Set(recorded)
  const pairs: Pair[] = []
  let contradiction: Pair | undefined
  let seen = 0

  function pairOf(step: string, one: Outcome | undefined, replayed: string | null, at: number): Pair {
    const replayedAfterMs = replayed === null ? null : at - startedAt
    const afterMs = one ? one.at - (first?.at ?? 0) : at - startedAt
    return { step, recorded: one?.what ?? null, replayed, afterMs, replayedAfterMs, detail: one?.detail ?? null }
  }

  return {
    pairs,
    get contradiction() {
      return contradiction
    },
    async follow(db) {
      const rows = await db
        .selectFrom('events')
        .select(['seq', 'at', 'kind', 'step', 'data'])
        .where('seq', '>', seen)
        .where('kind', 'in', [...outcomeKinds, 'decision.taken'])
        .orderBy('seq')
        .execute()
      const fresh = rows.flatMap((row): Pair[] => {
        seen = row.seq
        const outcome =
          row.kind === 'decision.taken' ? decided(decisionData.parse(JSON.parse(row.data))) : outcomeOf(row, tasks)
        if (outcome === undefined) return []
        const one = queues.get(outcome.step)?.shift()
        if (one) left.delete(one)
        return [pairOf(outcome.step, one, outcome.what, row.at)]
      })
      pairs.push(...fresh)
      contradiction ??= fresh.find((pair) => pair.recorded !== null && pair.recorded !== pair.replayed)
      return fresh
    },
    missing: (upTo) => [...left].filter(({ at }) => at <= upTo).map((one) => pairOf(one.step, one, null, one.at)),
  }
}

function recordedOutcomes(journal: Journal): Outcome[] {
  const steps = journal.outcomes.map(({ step, at, outcome, code, detail }) => ({
    step: plainKey(step, journal.requests),
    at,
    what: say(outcome, code),
    detail: outcome === 'done' ? null : detail,
  }))
  const decisions = journal.decisions.flatMap(({ at, kind, subject, reason, data }): Outcome[] => {
    const known = decided({ ...recordedData.parse(data), decision: kind, about: subject })
    return known ? [{ ...known, at, detail: reason }] : []
  })
  return [...steps, ...decisions].sort((one, other) => one.at - other.at)
}

const membersSchema = z.array(z.string()).default([])
const recordedData = z.record(z.string(), z.json())
const decisionData = z.looseObject({ decision: z.string(), about: z.string() }).catchall(z.json())

/** Undefined for what a person chose: that is a request. */
function decided({ decision, about, ...data }: z.output<typeof decisionData>) {
  if (decision === 'founder') return { step: `decision/founder/${about}`, what: `it is ${data.member}` }
  if (decision === 'wave')
    return { step: `decision/wave/${about}`, what: `for ${membersSchema.parse(data.members).join(', ')}` }
  if (decision === 'replace' || decision === 'swap') return { step: `decision/${decision}/${about}`, what: 'taken' }
  return undefined
}

const stepData = z.looseObject({ code: z.string().optional() })

function outcomeOf(
  row: { readonly kind: string; readonly step: string | null; readonly data: string },
  tasks: readonly { readonly task: string | null }[],
) {
  const { code = null } = stepData.parse(JSON.parse(row.data))
  return { step: plainKey(row.step ?? '', tasks), what: say(row.kind.slice('step.'.length), code) }
}

function say(outcome: string, code: string | null): string {
  return code === null ? outcome : `${outcome} ${code}`
}
