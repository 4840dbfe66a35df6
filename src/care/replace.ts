// Replacing members whose machine is lost or found no room: the old incarnation leaves, a new one joins,
// decided together in one transaction. Quorum members go one at a time.

import { machineKey } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { endProblems, moveMachine, moveMember, movePlatform } from '../events/index.ts'
import type { Tx } from '../store/store.ts'
import { isDead } from './dead.ts'
import { careActor, writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { formMembers } from './form.ts'
import { isFounded } from './founder.ts'
import { meltedProviders } from './meltdown.ts'
import { ignoredMachines, openProblem, resolveProblem } from './problems.ts'
import { isRestarting } from './restart.ts'
import { lastRetry } from './retry.ts'
import { formPlatformOf, groupOf, hindrances, sameAgain, seatSuccessors } from './successor.ts'

type Need = 'dead' | 'capacity'
type Cause = Need | 'maintenance'

/**
 * So often a slot gets a new machine within an hour; then a person is asked, whose retry lets it begin anew. What dies again and again is not
 * mended by making it again, and each try costs the provider and the tenant.
 */
const mostPerHour: Readonly<Record<Need, number>> = { dead: 5, capacity: 3 }
const hourMs = 3_600_000

export async function decideReplacements(tx: Tx, deps: DecideDeps, view: PlatformView): Promise<boolean> {
  let changed = false
  const melted = await meltedProviders(tx, deps, view)
  const ignored = await ignoredMachines(tx, view.id)
  for (const members of Map.groupBy(view.members.values(), (member) => member.group).values()) {
    let leaving = members.filter((member) => member.state === 'leaving').length
    for (const member of members) {
      if (member.state === 'leaving' || member.warmUntil !== null) continue
      if (melted.has(member.machine.providerId) || ignored.has(member.machine.id)) continue
      const cause = await causeOf(tx, deps, view, member)
      if (cause === undefined) continue
      const group = groupOf(view, member)
      // Whoever is to found votes with nobody yet, and those who leave may be waiting for it.
      const isToFound = view.founders[group.name] === member.ref && !isFounded(view, group.name)
      if (group.quorum && leaving > 0 && !isToFound) continue
      if (await replace(tx, deps, view, member, cause)) {
        changed = true
        leaving += 1
      }
    }
  }
  return changed
}

/** Why the member needs a new machine and may have one now. */
async function causeOf(tx: Tx, deps: DecideDeps, view: PlatformView, member: MemberView): Promise<Need | undefined> {
  const cause = needOf(view, member)
  if (cause === undefined || (await isReportOnly(tx))) return undefined
  const since = Math.max(deps.seams.clock.now() - hourMs, await lastRetry(tx, view.id))
  const rows = await tx
    .selectFrom('members')
    .select('id')
    .where('platform_id', '=', view.id)
    .where('group_name', '=', member.group)
    .where('ordinal', '=', member.ordinal)
    .where('cause', '=', cause)
    .where('created_at', '>', since)
    .execute()
  return rows.length < mostPerHour[cause] ? cause : undefined
}

/** After a restore nothing is repaired until an admin has accepted its report: what looks lost may be what we forgot. */
export async function isReportOnly(tx: Tx): Promise<boolean> {
  const { report_only } = await tx.selectFrom('installation').select('report_only').executeTakeFirstOrThrow()
  return report_only !== 0
}

/** Why the member needs a new machine. */
export function needOf(view: PlatformView, member: MemberView): Need | undefined {
  if (isRestarting(view, member)) return undefined
  // What an abandoned voter knows is of a cluster that is no more, also if its machine answers again.
  if (view.abandoned.has(member.ref) || isDead(view, member)) return 'dead'
  const record = view.records.get(machineKey(member.ref))
  return record?.status === 'blocked' && record.problem?.code === 'provider_capacity' ? 'capacity' : undefined
}

/** The member leaves and a successor joins; false when there is no place for it, which is a problem then. */
export async function replace(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  member: MemberView,
  cause: Cause,
): Promise<boolean> {
  const because = { actor: careActor, cause }
  // Its place is another's already, in mid-rollout: it need only go.
  if (hasSuccessor(view, member)) {
    await makeLeave(tx, deps, view, member, because)
    return true
  }
  const named = { subject: member.ref, machineId: member.machine.id }
  const found = await seatSuccessors(tx, deps, view, [await sameAgain(tx, view, member)])
  for (const code of hindrances) {
    if (found.kind === 'hindered' && found.code === code) continue
    await resolveProblem(
      tx,
      deps.seams,
      view,
      { ...named, code },
      found.kind === 'seated' ? 'a place was found' : found.code,
    )
  }
  if (found.kind === 'hindered') {
    const { code, detail } = found
    await openProblem(tx, deps.seams, view, { ...named, code, detail, resolutions: ['recreate', 'ignore'] })
    return false
  }
  await makeLeave(tx, deps, view, member, because)
  const { slots, seating } = found
  const [successor] = await formMembers(tx, deps, await formPlatformOf(tx, view), slots, seating, because)
  await writeDecision(tx, deps.seams, view, {
    kind: 'replace',
    subject: member.ref,
    reason: cause,
    data: { by: successor?.ref ?? '' },
  })
  return true
}

async function makeLeave(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  member: MemberView,
  because: { readonly actor: string; readonly cause: Cause },
): Promise<void> {
  await endProblems(tx, deps.seams, { ...view, machine: member.machine.id }, { ...because, cause: 'recreate' })
  await moveMember(tx, deps.seams, { member: member.id, to: 'leaving', ...because })
  await moveMachine(tx, deps.seams, {
    machine: member.machine.id,
    to: member.machine.state === 'planned' ? 'deleting' : 'replacing',
    ...because,
  })
  if (view.state === 'ready') {
    const reason = `${member.name} is being replaced: ${because.cause}`
    await movePlatform(tx, deps.seams, { platform: view.id, to: 'degraded', reason, ...because })
  }
}

/** Whether a later incarnation is there to take its place. */
function hasSuccessor(view: PlatformView, member: MemberView): boolean {
  return [...view.members.values()].some(
    (other) => other.name === member.name && other.incarnation > member.incarnation && other.state !== 'leaving',
  )
}
