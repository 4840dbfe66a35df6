// How a provider answered lately: what a person looks at before asking whose fault it is.

/** What is asked of a provider, by what it costs it. */
export const callKinds = ['connect', 'look', 'create', 'change'] as const
export type CallKind = (typeof callKinds)[number]

export interface Sample {
  readonly kind: CallKind
  /** When it was answered, ms since 1970. */
  readonly at: number
  /** From sending to the answer; waiting for its turn does not count. */
  readonly tookMs: number
  /** `refused`: the provider answered, with a no that is its own (denied, no room, a wrong request). */
  readonly end: 'answered' | 'refused' | 'failed' | 'throttled'
}

export interface Figures {
  /** Calls in the window, COUNT. */
  readonly calls: number
  readonly refused: number
  readonly failed: number
  readonly throttled: number
  /** Share of calls that failed or were throttled, 0 to 1. */
  readonly errorRate: number
  /** Of the calls that were answered, refusals too; null when there were none. */
  readonly p50Ms: number | null
  readonly p90Ms: number | null
}

/** How far back figures go, ms. */
export const windowMs = 300_000
/** Samples kept at most, COUNT: of a busy provider the window becomes shorter. */
const mostSamples = 2_000

export interface Statistics {
  add(sample: Sample): void
  /** Of all calls, or of those of one kind. */
  figures(now: number, kind?: CallKind): Figures
}

export function statistics(): Statistics {
  const samples: Sample[] = []
  let next = 0
  return {
    add(sample) {
      samples[next] = sample
      next = (next + 1) % mostSamples
    },
    figures(now, kind) {
      const meant = samples.filter((one) => one.at > now - windowMs && (kind === undefined || one.kind === kind))
      const count = (end: Sample['end']) => meant.filter((one) => one.end === end).length
      const took = meant
        .filter(({ end }) => end === 'answered' || end === 'refused')
        .map(({ tookMs }) => tookMs)
        .sort((a, b) => a - b)
      const failed = count('failed')
      const throttled = count('throttled')
      return {
        calls: meant.length,
        refused: count('refused'),
        failed,
        throttled,
        errorRate: meant.length === 0 ? 0 : (failed + throttled) / meant.length,
        p50Ms: quantile(took, 0.5),
        p90Ms: quantile(took, 0.9),
      }
    },
  }
}

/** By the nearest rank of a sorted list. */
function quantile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null
}
