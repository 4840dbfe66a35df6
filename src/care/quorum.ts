import type { GroupSpec } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { openProblem, resolveProblem } from './problems.ts'

/**
 * Who counts: whoever joined and is not proven gone, and the founder from the moment of founding. Who leaves without
 * ever having had a machine (no room was found for it) never was one of them.
 */
function votes(
  view: Pick<PlatformView, 'founders' | 'abandoned'>,
  { ref, group, state, machine }: MemberView,
): boolean {
  if (view.abandoned.has(ref)) return false
  if (state === 'joining') return view.founders[group] === ref
  return machine.nativeRef !== null
}

/**
 * A founded group without a majority of answering members can neither admit nor remove anybody: that is not
 * repaired by guessing. The platform blocks with `quorum_lost` until members answer again or a person chooses.
 */
export async function watchQuorum(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  group: GroupSpec,
  founded: boolean,
): Promise<{ readonly changed: boolean; readonly lost: boolean }> {
  const { voters, alive } = quorumOf(view, group.name)
  const lost = founded && voters > 0 && alive * 2 <= voters
  const problem = { subject: 'platform', code: 'quorum_lost' as const, machineId: null }
  if (!lost) return { lost, changed: await resolveProblem(tx, seams, view, problem, 'members answer again') }
  const changed = await openProblem(tx, seams, view, {
    ...problem,
    detail: `${group.name} has lost its quorum: ${alive} of ${voters} members answer. Start the others again at the provider, ${group.founds ? 'found it anew without what it knew, ' : ''}or delete the platform.`,
    resolutions: group.founds ? ['refound', 'delete'] : ['delete'],
  })
  return { lost, changed }
}

/** COUNT of those who vote, and of those of them who answer. */
export function quorumOf(view: Pick<PlatformView, 'members' | 'founders' | 'abandoned'>, group: string) {
  const voters = votersOf(view, group)
  return { voters: voters.length, alive: voters.filter(({ machine }) => !machine.missing).length }
}

/** Members of the group that vote. */
export function votersOf(view: Pick<PlatformView, 'members' | 'founders' | 'abandoned'>, group: string): MemberView[] {
  return [...view.members.values()].filter((member) => member.group === group && votes(view, member))
}
