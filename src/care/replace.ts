// Replacing members whose machine is lost or found no room: the old incarnation leaves, a new one joins,
// decided together in one transaction. Quorum members go one at a time.

import { type GroupSpec, machineKey } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { moveMachine, moveMember, movePlatform } from '../events/index.ts'
import { ProblemError } from '../kernel/problem.ts'
import { storedRequestSchema } from '../provider/request.ts'
import type { Tx } from '../store/store.ts'
import { careActor, writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { formMembers } from './form.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { lastRetry } from './retry.ts'
import { loadNeighbours, type Seating, seatSlots } from './seat.ts'
import { seatCodes } from './seat-problem.ts'
import type { Slot } from './slot.ts'

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
async function isReportOnly(tx: Tx): Promise<boolean> {
  const { report_only } = await tx.selectFrom('installation').select('report_only').executeTakeFirstOrThrow()
  return report_only !== 0
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
  const named = { subject: member.ref, machineId: member.machine.id }
  const found = await seatSuccessor(tx, view, group, member)
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
  const because = { actor: careActor, cause }
  await moveMember(tx, deps.seams, { member: member.id, to: 'leaving', ...because })
  await moveMachine(tx, deps.seams, {
    machine: member.machine.id,
    to: member.machine.state === 'planned' ? 'deleting' : 'replacing',
    ...because,
  })
  const { slot, seating } = found
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
  await resolveProblem(tx, deps.seams, view, { ...named, code: 'machine_dead' }, 'recreate')
  return true
}

/** What may stand between a member and its successor: no place for it, or its size or image is not offered any more. */
const hindrances = [...seatCodes, 'invalid_parameter'] as const

/** Who can act. What the refusal itself advises is for somebody who asks for a platform. */
const remedies: { readonly [code in (typeof hindrances)[number]]: string } = {
  no_capacity: 'an infra-admin can add capacity',
  provider_unreachable: 'if it lasts, an infra-admin must look at the provider',
  provider_denied: 'an infra-admin must give the provider working credentials',
  invalid_parameter: 'an infra-admin must offer it again',
}

type Found =
  | { readonly kind: 'seated'; readonly slot: Slot; readonly seating: Seating }
  | { readonly kind: 'hindered'; readonly code: (typeof hindrances)[number]; readonly detail: string }

/** Where the member's successor would go. Writes nothing, so that what is refused leaves nothing half-written. */
async function seatSuccessor(tx: Tx, view: PlatformView, group: GroupSpec, member: MemberView): Promise<Found> {
  try {
    // As large as the one before, whose quota it inherits, whatever has become of the flavor since.
    const { resources } = storedRequestSchema.parse(JSON.parse(member.machine.spec))
    const slot: Slot = { group, ordinal: member.ordinal, incarnation: member.incarnation + 1, resources, cost: {} }
    const neighbours = (await loadNeighbours(tx, view.id)).filter((neighbour) => neighbour.name !== member.name)
    return { kind: 'seated', slot, seating: await seatSlots(tx, [slot], neighbours) }
  } catch (error) {
    const code = error instanceof ProblemError ? hindrances.find((known) => known === error.code) : undefined
    if (!(error instanceof ProblemError) || code === undefined) throw error
    const detail = `${member.name} cannot be replaced: ${error.detail} It is tried again by itself; ${remedies[code]}.`
    return { kind: 'hindered', code, detail }
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
