// Medians and spreads: a mean hides the one round in which somebody else used the machine.

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** COUNT of rounds. */
  readonly rounds: number
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: medianOf(sorted),
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    rounds: values.length,
  }
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** `2.61 (2.4-3.1, 3 rounds)`; a single value alone. */
export function shown({ median, min, max, rounds }: Spread, digits = 2): string {
  if (rounds === 1) return median.toFixed(digits)
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)}, ${rounds} rounds)`
}
