// What only a person can judge: a platform, or one machine of it, whose end cannot be proven, because its provider or its
// credentials are gone for good. It is let go without a look; what may be left is told, and a tombstone stays, so that a scan that ever sees
// it again removes it.

import { makeDue } from '../engine/index.ts'
import { appendEvent, moveMachine, moveMember } from '../events/index.ts'
import type { MachineId, ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import type { DecideDeps } from './deps.ts'
import { engineHooks } from './hooks.ts'
import type { ProblemPlace } from './problems.ts'

/** An object that may still be there, and cost. */
export interface LeftBehind {
  readonly machine: MachineId
  readonly member: string
  readonly provider: ProviderId
  readonly resourceKey: string
  readonly nativeRef: string | null
}

export interface Forgetting {
  /** Asked again, also what was let go before and nobody has seen since: an answer that was lost must not be lost for good. */
  readonly left: readonly LeftBehind[]
  /** Secrets of nobody any more, to be destroyed. */
  readonly secrets: readonly string[]
}

/** Lets go of every machine of a platform that is to be deleted. Wake the engine after the commit: it ends the deletion. */
export async function forgetMachines(
  tx: Tx,
  deps: DecideDeps,
  place: ProblemPlace,
  because: Because,
): Promise<Forgetting> {
  const rows = await livingOf(tx, place).execute()
  await letGo(tx, deps, place, rows, because)
  const left = await leftBehind(tx, place)
  if (rows.length === 0) return { left, secrets: [] }
  await endAttempts(tx, deps.seams, place)
  await tell(tx, deps.seams, place, { kind: 'platform', id: place.id }, because, left)
  await makeDue(tx, place.id, deps.seams.clock.now())
  return { left, secrets: rows.map((row) => row.host_key_secret) }
}

/**
 * Lets go of one machine that is to go, or of none when it is gone already or is a member's still; whatever else the
 * platform has stays. Wake the engine after the commit.
 */
export async function forgetMachine(
  tx: Tx,
  deps: DecideDeps,
  place: ProblemPlace,
  machine: MachineId,
  because: Because,
): Promise<Forgetting> {
  const rows = await livingOf(tx, place)
    .where('machines.id', '=', machine)
    .where('members.state', '=', 'leaving')
    .where('machines.state', '=', 'deleting')
    .execute()
  if (rows.length === 0) return { left: [], secrets: [] }
  const left = await letGo(tx, deps, place, rows, because)
  for (const { member } of rows) {
    await endAttempts(tx, deps.seams, place, member)
    await tx
      .deleteFrom('records')
      .where('platform_id', '=', place.id)
      .where('member', '=', member)
      .where((where) => where.or([where('mode', '=', 'each'), where('kind', '=', 'power')]))
      .execute()
  }
  await tell(tx, deps.seams, place, { kind: 'machine', id: machine }, because, left)
  await makeDue(tx, place.id, deps.seams.clock.now())
  return { left, secrets: rows.map((row) => row.host_key_secret) }
}

interface Because {
  readonly actor: string
  readonly reason: string
}

function livingOf(tx: Tx, place: ProblemPlace) {
  return tx
    .selectFrom('members')
    .innerJoin('machines', 'machines.id', 'members.machine_id')
    .select(['members.id as member_id', 'group_name', 'ordinal', 'machines.id', 'machines.member', 'machines.state'])
    .select(['provider_id', 'resource_key', 'native_ref', 'create_sent_at', 'host_key_secret'])
    .where('members.platform_id', '=', place.id)
    .where('members.state', '!=', 'gone')
}
type Row = Awaited<ReturnType<ReturnType<typeof livingOf>['execute']>>[number]

/** Writes them gone without a look; answers those that may be there still. */
async function letGo(
  tx: Tx,
  deps: DecideDeps,
  place: ProblemPlace,
  rows: readonly Row[],
  because: Because,
): Promise<LeftBehind[]> {
  const { seams } = deps
  const moved = { actor: because.actor, cause: `forgotten: ${because.reason}` }
  const left: LeftBehind[] = []
  for (const row of rows) {
    const sent = row.create_sent_at !== null
    await tx
      .insertInto('receipt_objects')
      .values({
        platform_id: place.id,
        provider_id: row.provider_id,
        resource_key: row.resource_key,
        kind: 'machine',
        native_ref: row.native_ref,
        machine_id: row.id,
        proof: sent ? 'forgotten' : 'neverSent',
        observed_at: seams.clock.now(),
        reopened_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
    if (row.state !== 'deleting' && row.state !== 'deleted')
      await moveMachine(tx, seams, { machine: row.id, to: 'deleting', ...moved })
    await moveMachine(tx, seams, { machine: row.id, to: 'deleted', ...moved })
    await moveMember(tx, seams, { member: row.member_id, to: 'gone', ...moved })
    const { group_name: group, ordinal } = row
    await engineHooks(deps).machineGone(tx, { platform: place.id, machine: row.id, group, ordinal })
    if (sent)
      left.push({
        machine: row.id,
        member: row.member,
        provider: row.provider_id,
        resourceKey: row.resource_key,
        nativeRef: row.native_ref,
      })
  }
  return left
}

async function leftBehind(tx: Tx, place: ProblemPlace): Promise<LeftBehind[]> {
  return tx
    .selectFrom('receipt_objects')
    .innerJoin('machines', 'machines.id', 'receipt_objects.machine_id')
    .select(['machines.id as machine', 'machines.member', 'receipt_objects.provider_id as provider'])
    .select(['receipt_objects.resource_key as resourceKey', 'receipt_objects.native_ref as nativeRef'])
    .where('receipt_objects.platform_id', '=', place.id)
    .where('proof', '=', 'forgotten')
    .orderBy('machines.id')
    .execute()
}

async function tell(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  subject: { readonly kind: 'platform' | 'machine'; readonly id: string },
  because: Because,
  left: readonly LeftBehind[],
): Promise<void> {
  await appendEvent(tx, seams, {
    kind: subject.kind === 'platform' ? 'platform.forgotten' : 'machine.forgotten',
    subject,
    tenant: place.tenantId,
    project: place.projectId,
    platform: place.id,
    actor: because.actor,
    cause: because.reason,
    data: { left: left.map(({ member, resourceKey, nativeRef }) => ({ member, resourceKey, nativeRef })) },
  })
}

/** Of the platform, or of one member. */
async function endAttempts(tx: Tx, seams: Seams, place: ProblemPlace, member?: string): Promise<void> {
  let update = tx
    .updateTable('attempts')
    .set({
      ended_at: seams.clock.now(),
      outcome: 'abandoned',
      detail: member === undefined ? 'its platform was forgotten' : `${member} was forgotten`,
    })
    .where('platform_id', '=', place.id)
    .where('ended_at', 'is', null)
  if (member !== undefined) update = update.where('executor', '=', member)
  await update.execute()
}
