// Choices, taken once and written down: who founds, who is replaced and where its successor goes. The
// plan that follows is pure, so a flapping machine can never change a choice already made.

import { groupsOf } from '../blueprints/index.ts'
import { decisionsRest, type EngineHooks, type PlatformView } from '../engine/index.ts'
import type { Tx } from '../store/store.ts'
import type { DecideDeps } from './deps.ts'
import { decideFounders, isFounded } from './founder.ts'
import { decideMoves } from './move.ts'
import { watchQuorums } from './quorum.ts'
import { decideRefounding } from './refound.ts'
import { watchRemovals } from './removals.ts'
import { decideReplacements } from './replace.ts'
import { decideRollout } from './rollout.ts'
import { decideWarm } from './warm.ts'

/** The engine's `decide` hook. True when members, founders or problems changed. */
export function decider(deps: DecideDeps): EngineHooks['decide'] {
  return async (tx: Tx, view: PlatformView) => {
    const stuck = await watchRemovals(tx, deps.seams, view)
    if (view.want === 'absent') return stuck
    // Then problems are named, and nobody is chosen for anything.
    const resting = decisionsRest(view)
    const groups = groupsOf(view.blueprint, view.parameters)
    const voting = groups.filter(({ quorum }) => quorum)
    const watched = await watchQuorums(
      tx,
      deps.seams,
      view,
      voting.map((group) => ({ group, founded: isFounded(view, group.name) })),
    )
    let changed = watched.changed || stuck
    if (resting) return changed
    for (const { name, founds } of watched.lost)
      if (founds && (await decideRefounding(tx, deps.seams, view, name))) return true
    for (const { name, founds } of groups)
      if (founds && (await decideFounders(tx, deps.seams, view, name, isFounded(view, name)))) changed = true
    if (watched.lost.length > 0) return changed
    if (await decideWarm(tx, deps, view)) return true
    if (await decideReplacements(tx, deps, view)) return true
    if (await decideRollout(tx, deps, view)) return true
    return (await decideMoves(tx, deps, view, groups)) || changed
  }
}
