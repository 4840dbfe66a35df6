// Who goes when a group shrinks: whoever is not well, then the newest, from where its group is most crowded. Pure; the
// choice is taken once and written down.

import type { GroupSpec } from '../blueprints/index.ts'

export interface Candidate {
  /** The slot: `worker-1`. */
  readonly name: string
  readonly ordinal: number
  /** It answers, and all it needs is done. */
  readonly well: boolean
  readonly zone: string
  readonly host: string | null
  /** ms since 1970. */
  readonly createdAt: number
}

/** `count` of the candidates, in the order in which they were chosen. */
export function chooseVictims(
  candidates: readonly Candidate[],
  count: number,
  spread: GroupSpec['spread'],
): Candidate[] {
  const victims: Candidate[] = []
  let left = [...candidates]
  while (victims.length < count && left.length > 0) {
    const [victim] = eligible(left, spread).toSorted(newestFirst)
    if (!victim) break
    victims.push(victim)
    left = left.filter((candidate) => candidate !== victim)
  }
  return victims
}

function eligible(left: readonly Candidate[], spread: GroupSpec['spread']): readonly Candidate[] {
  const ill = left.filter(({ well }) => !well)
  if (ill.length > 0) return ill
  const inZone = spread.zone === undefined ? left : mostCrowded(left, ({ zone }) => zone)
  return spread.host === undefined ? inZone : mostCrowded(inZone, ({ zone, host }) => `${zone} ${host}`)
}

function mostCrowded(left: readonly Candidate[], placeOf: (candidate: Candidate) => string): readonly Candidate[] {
  const places = [...Map.groupBy(left, placeOf).values()]
  const most = Math.max(...places.map((there) => there.length))
  return places.filter((there) => there.length === most).flat()
}

function newestFirst(a: Candidate, b: Candidate): number {
  return b.createdAt - a.createdAt || b.ordinal - a.ordinal
}
