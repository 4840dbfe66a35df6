// Problems end with what they are about. Whoever leaves, and whatever is deleted, takes its problems along: that is done
// where states are written, so nobody who opens a problem need think of all the ways in which its object may go.

import type { MachineId, PlatformId, ProjectId, ProviderId, TenantId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { appendEvent } from './append.ts'

/** Whose problem it is. */
export interface ProblemOwner {
  readonly id: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
}

export interface ToldProblem {
  readonly subject: string
  readonly code: string
  readonly machineId: MachineId | null
  /** Of a dead host or zone: the members that are down with it. */
  readonly members?: readonly string[]
}

interface Because {
  readonly actor: string
  /** Becomes the resolution. */
  readonly cause: string
}

/** Writes the event of a problem. */
export async function tellProblem(
  tx: Tx,
  seams: Seams,
  place: ProblemOwner,
  kind: 'problem.opened' | 'problem.resolved',
  problem: ToldProblem,
  because: Because,
): Promise<void> {
  const { code, subject, machineId, members } = problem
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'platform', id: place.id },
    tenant: place.tenantId,
    project: place.projectId,
    platform: place.id,
    machine: machineId,
    actor: because.actor,
    cause: because.cause,
    data: { code, about: subject, ...(members && { members }) },
  })
}

const openOf = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('problems')
    .select(['id', 'subject', 'code', 'machine_id as machineId', 'provider_id as providerId', 'place'])
    .where('platform_id', '=', platform)
    .where('resolved_at', 'is', null),
)
type Open = Awaited<ReturnType<typeof openOf.all>>[number]

/**
 * Ends every open problem of a platform, or of one machine of it, whatever its code. One that carries several machines
 * ends with the last of them that is down.
 */
export async function endProblems(
  tx: Tx,
  seams: Seams,
  of: ProblemOwner & { readonly machine?: MachineId },
  because: Because,
): Promise<void> {
  for (const problem of await openOf.all(tx, { platform: of.id })) {
    const itsOwn = of.machine === undefined || problem.machineId === of.machine
    if (itsOwn || (await isLastOf(tx, problem, of.machine))) await end(tx, seams, of, problem, because)
  }
}

/** Ends problems of hosts and zones that carry this machine, which is well again, unless another one is still down. */
export async function endCarrying(
  tx: Tx,
  seams: Seams,
  of: ProblemOwner & { readonly machine: MachineId },
  because: Because,
): Promise<void> {
  for (const problem of await openOf.all(tx, { platform: of.id }))
    if (await isLastOf(tx, problem, of.machine)) await end(tx, seams, of, problem, because)
}

/** Ends one that is open. */
export async function endProblem(
  tx: Tx,
  seams: Seams,
  owner: ProblemOwner,
  id: string,
  because: Because,
): Promise<void> {
  const problem = (await openOf.all(tx, { platform: owner.id })).find((one) => one.id === id)
  if (problem) await end(tx, seams, owner, problem, because)
}

async function end(tx: Tx, seams: Seams, owner: ProblemOwner, problem: Open, because: Because): Promise<void> {
  await tx
    .updateTable('problems')
    .set({ resolved_at: seams.clock.now(), resolution: because.cause })
    .where('id', '=', problem.id)
    .execute()
  await tellProblem(tx, seams, owner, 'problem.resolved', problem, because)
  const { providerId, place, code } = problem
  if (providerId !== null && place !== null)
    await tellPlace(tx, seams, { providerId, place, code }, 'resolved', because)
}

/** Whether the problem carries this machine, and nobody else who is a member still and down still. */
async function isLastOf(tx: Tx, { id, providerId }: Open, machine: MachineId): Promise<boolean> {
  if (providerId === null) return false
  const carried = await tx
    .selectFrom('problem_machines')
    .innerJoin('machines', 'machines.id', 'problem_machines.machine_id')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .select(['machines.id', 'members.state', 'missing_since', 'ill_since'])
    .where('problem_id', '=', id)
    .execute()
  const isDown = (row: (typeof carried)[number]) =>
    row.state !== 'leaving' && row.state !== 'gone' && (row.missing_since !== null || row.ill_since !== null)
  return carried.some((row) => row.id === machine) && !carried.some((row) => row.id !== machine && isDown(row))
}

/**
 * The event of a host or zone itself, for those who look after the provider: once when the first platform has a problem
 * with it, once when the last has none any more.
 */
export async function tellPlace(
  tx: Tx,
  seams: Seams,
  { providerId, place, code }: { readonly providerId: ProviderId; readonly place: string; readonly code: string },
  now: 'opened' | 'resolved',
  because: Because,
): Promise<void> {
  const open = await tx
    .selectFrom('problems')
    .select('id')
    .where('provider_id', '=', providerId)
    .where('place', '=', place)
    .where('code', '=', code)
    .where('resolved_at', 'is', null)
    .execute()
  if (open.length !== (now === 'opened' ? 1 : 0)) return
  await appendEvent(tx, seams, {
    kind: 'host.problem',
    subject: { kind: code === 'zone_dead' ? 'zone' : 'host', id: `${providerId}/${place}` },
    actor: because.actor,
    cause: because.cause,
    data: { code, name: place, now },
  })
}
