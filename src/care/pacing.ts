// Whose turn it is in a rollout: group after group, zone after zone, canaries first. Pure, so that what a dry run shows
// is what is done.

import type { UpdateRules } from '../blueprints/index.ts'

export interface Behind {
  readonly ref: string
  readonly group: string
  readonly ordinal: number
  readonly zone: string
}

export interface Pace {
  readonly rules: UpdateRules
  /** Groups in the order of the blueprint, with their sizes, COUNT, and whether their members vote. */
  readonly groups: readonly { readonly name: string; readonly size: number; readonly quorum: boolean }[]
  /** Canaries that were sent ahead already, COUNT. */
  readonly canariesSent: number
}

/**
 * The members that are changed next, all of one group and one zone, and one of a slot: who was taken back in it by an undo
 * goes with its other one, once their successor is there. Empty when nobody is behind.
 */
export function nextWave(behind: readonly Behind[], { rules, groups, canariesSent }: Pace): Behind[] {
  const rank = (name: string): number => {
    const first = rules.order.indexOf(name)
    return first >= 0 ? first : rules.order.length + groups.findIndex((group) => group.name === name)
  }
  const sorted = behind.toSorted(
    (a, b) => rank(a.group) - rank(b.group) || compare(a.zone, b.zone) || a.ordinal - b.ordinal,
  )
  const [first] = sorted
  if (!first) return []
  const group = groups.find(({ name }) => name === first.group)
  const canaries = rules.canaries - canariesSent
  const most = group?.quorum === true ? 1 : rules.inFlightOf(group?.size ?? 1)
  const size = canaries > 0 ? Math.min(most, canaries) : most
  const beside = sorted.filter(({ zone, group: name }) => zone === first.zone && name === first.group)
  return beside.filter(({ ordinal }, at) => beside[at - 1]?.ordinal !== ordinal).slice(0, size)
}

/** All waves, as they would follow one another. */
export function allWaves(behind: readonly Behind[], pace: Pace): Behind[][] {
  const waves: Behind[][] = []
  let left = behind
  let { canariesSent } = pace
  while (left.length > 0) {
    const wave = nextWave(left, { ...pace, canariesSent })
    if (wave.length === 0) break
    waves.push(wave)
    canariesSent += wave.length
    left = left.filter((member) => !wave.includes(member))
  }
  return waves
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
