// Replacing members whose machine is lost or found no room: the old incarnation leaves, a new one joins,
// decided together in one transaction. Quorum members go one at a time.

import { type GroupSpec, machineKey } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { moveMachine, moveMember, movePlatform } from '../events/index.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Tx } from '../store/store.ts'
import { flavorOf } from './catalogue.ts'
import { careActor, writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { formMembers } from './form.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { lastRetry } from './retry.ts'
import { loadNeighbours, seatSlots } from './seat.ts'

type Cause = 'dead' | 'capacity'

/**
 * So often a slot gets a new machine within an hour; then a person is asked, whose retry lets it begin anew. What dies again and again is not
 * mended by making it again, and each try costs the provider and the tenant.
 */
const mostPerHour: Readonly<Record<Cause, number>> = { dead: 5, capacity: 3 }
const hourMs = 3_600_000

export async function decideReplacements(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  groups: readonly GroupSpec[],
): Promise<boolean> {
  let changed = false
  for (const group of groups) {
    const members = [...view.members.values()].filter((member) => member.group === group.name)
    let leaving = members.filter((member) => member.state === 'leaving').length
    for (const member of members) {
      if (member.state === 'leaving') continue
      const cause = await causeOf(tx, deps, view, member)
      if (cause === undefined) continue
      if (group.quorum && leaving > 0) continue
      if (await replace(tx, deps, view, group, member, cause)) {
        changed = true
        leaving += 1
      }
    }
  }
  return changed
}

/** Why the member needs a new machine and may have one now. */
async function causeOf(tx: Tx, deps: DecideDeps, view: PlatformView, member: MemberView): Promise<Cause | undefined> {
  const cause = needOf(view, member)
  if (cause === undefined) return undefined
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

function needOf(view: PlatformView, member: MemberView): Cause | undefined {
  if (member.machine.missing) return 'dead'
  for (const record of view.records.values()) {
    if (record.member !== member.ref || record.status !== 'blocked') continue
    if (record.problem?.code === 'machine_dead') return 'dead'
    if (record.key === machineKey(member.ref) && record.problem?.code === 'provider_capacity') return 'capacity'
  }
  return undefined
}

async function replace(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  group: GroupSpec,
  member: MemberView,
  cause: Cause,
): Promise<boolean> {
  const { cost, ...resources } = flavorOf(deps.flavors, group.flavor)
  const slot = { group, ordinal: member.ordinal, incarnation: member.incarnation + 1, resources, cost }
  const neighbours = (await loadNeighbours(tx, view.id)).filter((neighbour) => neighbour.name !== member.name)
  const named = { subject: member.ref, machineId: member.machine.id, code: 'no_capacity' as const }
  try {
    const seating = await seatSlots(tx, [slot], neighbours)
    const because = { actor: careActor, cause }
    await moveMember(tx, deps.seams, { member: member.id, to: 'leaving', ...because })
    await moveMachine(tx, deps.seams, {
      machine: member.machine.id,
      to: member.machine.state === 'planned' ? 'deleting' : 'replacing',
      ...because,
    })
    const [successor] = await formMembers(tx, deps, await formPlatformOf(tx, view), [slot], seating, because)
    if (view.state === 'ready') {
      const reason = `${member.name} is being replaced: ${cause}`
      await movePlatform(tx, deps.seams, { platform: view.id, to: 'degraded', reason, ...because })
    }
    await writeDecision(tx, deps.seams, view, {
      kind: 'replace',
      subject: member.ref,
      reason: cause,
      data: { by: successor?.ref ?? '' },
    })
    await resolveProblem(tx, deps.seams, view, named, 'a place was found')
    await resolveProblem(tx, deps.seams, view, { ...named, code: 'machine_dead' }, 'recreate')
    return true
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'no_capacity') throw error
    await openProblem(tx, deps.seams, view, {
      ...named,
      detail: `${member.name} cannot be replaced: ${error.detail} ${error.next ?? ''}`.trim(),
      resolutions: ['recreate', 'ignore'],
    })
    return false
  }
}

async function formPlatformOf(tx: Tx, view: PlatformView) {
  const { ssh_public_key } = await tx
    .selectFrom('platforms')
    .select('ssh_public_key')
    .where('id', '=', view.id)
    .executeTakeFirstOrThrow()
  return {
    id: view.id,
    tenantId: view.tenantId,
    projectId: view.projectId,
    name: view.name,
    sshPublicKey: ssh_public_key,
  }
}
