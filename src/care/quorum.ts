import type { GroupSpec } from '../blueprints/index.ts'
import type { PlatformView } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { openProblem, resolveProblem } from './problems.ts'

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
  const voters = [...view.members.values()].filter(
    (member) => member.group === group.name && member.state !== 'joining',
  )
  const alive = voters.filter((member) => !member.machine.missing)
  const lost = founded && voters.length > 0 && alive.length * 2 <= voters.length
  const problem = { subject: 'platform', code: 'quorum_lost' as const, machineId: null }
  if (!lost) return { lost, changed: await resolveProblem(tx, seams, view, problem, 'members answer again') }
  const changed = await openProblem(tx, seams, view, {
    ...problem,
    detail: `${group.name} has lost its quorum: ${alive.length} of ${voters.length} members answer. Start them again at the provider, or delete the platform.`,
    resolutions: ['delete'],
  })
  return { lost, changed }
}
