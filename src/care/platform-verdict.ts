// What a platform's own check found, written: once when it fails, once when it passes again. Members that it names are
// told as unhealthy too, and are left: that a check of the whole names somebody is no reason to make anything anew.

import { type MemberView, makeDue, type PlatformView } from '../engine/index.ts'
import type { MachineId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Db, Tx } from '../store/store.ts'
import { resolutionsFor } from './power.ts'
import { openProblem, type ProblemPlace, resolveProblem } from './problems.ts'

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

/** Names the problem, and with it the members. True when that is new. */
export async function noteUnhealthy(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  detail: string,
  members: readonly MemberView[],
): Promise<boolean> {
  const { state, generation } = await tx
    .selectFrom('platforms')
    .select(['state', 'generation'])
    .where('id', '=', view.id)
    .executeTakeFirstOrThrow()
  // It is changed, deleted or left alone since it was asked, or somebody told of it: it is asked again once it is ready.
  if (state !== 'ready' || generation !== view.generation) return false
  const opened = await openProblem(tx, seams, view, { ...named, detail, resolutions: ['ignore'] })
  if (!opened) return false
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
  return true
}

/** Whether it is open, or a person wants to hear no more of it until it is over. */
export async function lasts(db: Db, problem: string): Promise<boolean> {
  return (await selectLasting.first(db, { problem })) !== undefined
}

const selectLasting = statement((db, { problem }: { problem: string }) =>
  db
    .selectFrom('problems')
    .select('id')
    .where('id', '=', problem)
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')])),
)

/**
 * All is well again, also with those it named, but for those who fail a check of their own. False when `problem` is over
 * already: then what lasts by now, if anything, is another one.
 */
export async function noteHealthy(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  problem: string,
  cause: string,
): Promise<boolean> {
  if (!(await lasts(tx, problem))) return false
  await resolveProblem(tx, seams, place, named, cause)
  const told = await tx
    .selectFrom('problems')
    .innerJoin('machines', 'machines.id', 'problems.machine_id')
    .select(['problems.subject', 'problems.machine_id'])
    .where('problems.platform_id', '=', place.id)
    .where('code', '=', 'member_unhealthy')
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')]))
    .where('machines.state', '!=', 'unhealthy')
    .execute()
  for (const { subject, machine_id } of told) {
    const member = { subject, machineId: machine_id as MachineId | null, code: 'member_unhealthy' } as const
    await resolveProblem(tx, seams, place, member, cause)
  }
  await makeDue(tx, place.id, seams.clock.now())
  return true
}
