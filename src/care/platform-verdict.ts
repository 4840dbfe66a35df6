// What a platform's own check found, written: once when it fails, once when it passes again. Members that it names are
// told as unhealthy too, and are left: that a check of the whole names somebody is no reason to make anything anew.

import { type MemberView, makeDue, type PlatformView } from '../engine/index.ts'
import type { MachineId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { resolutionsFor } from './power.ts'
import { openProblem, resolveProblem } from './problems.ts'

const named = { subject: 'health', machineId: null, code: 'platform_unhealthy' } as const

/** What a check may print to name a member: `unhealthy=worker-1`, with or without the incarnation. */
const naming = /^unhealthy=([a-z0-9-]+(?:@\d+)?)$/

interface Findings {
  /** The last line that names nobody; empty when there is none. */
  readonly why: string
  readonly members: readonly MemberView[]
}

/** Takes apart what a failing check printed. */
export function findingsOf(said: string, view: PlatformView): Findings {
  const lines = said.split('\n').map((line) => line.trim())
  const names = new Set(lines.flatMap((line) => naming.exec(line)?.[1] ?? []))
  return {
    why: lines.findLast((line) => line !== '' && !naming.test(line)) ?? '',
    members: [...view.members.values()].filter(
      ({ ref, name, state }) => state === 'in' && (names.has(ref) || names.has(name)),
    ),
  }
}

/** Names the problem, and with it the members. */
export async function noteUnhealthy(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  detail: string,
  members: readonly MemberView[],
): Promise<void> {
  const opened = await openProblem(tx, seams, view, { ...named, detail, resolutions: ['ignore'] })
  if (!opened) return
  for (const { ref, machine } of members) {
    await openProblem(tx, seams, view, {
      subject: ref,
      machineId: machine.id,
      code: 'member_unhealthy',
      detail: `${ref} is named by the check of its platform.`,
      resolutions: await resolutionsFor(tx, machine.providerId),
    })
  }
  await makeDue(tx, view.id, seams.clock.now())
}

/** All is well again, also with those it named, but for those who fail a check of their own. */
export async function noteHealthy(tx: Tx, seams: Seams, view: PlatformView): Promise<void> {
  await resolveProblem(tx, seams, view, named, 'its check passes again')
  const told = await tx
    .selectFrom('problems')
    .innerJoin('machines', 'machines.id', 'problems.machine_id')
    .select(['problems.subject', 'problems.machine_id'])
    .where('problems.platform_id', '=', view.id)
    .where('code', '=', 'member_unhealthy')
    .where('resolved_at', 'is', null)
    .where('machines.state', '!=', 'unhealthy')
    .execute()
  for (const { subject, machine_id } of told) {
    const problem = { subject, machineId: machine_id as MachineId | null, code: 'member_unhealthy' } as const
    await resolveProblem(tx, seams, view, problem, 'the check of its platform passes again')
  }
  await makeDue(tx, view.id, seams.clock.now())
}
