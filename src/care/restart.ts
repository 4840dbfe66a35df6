// A machine is started anew because a person says so: one that hangs is reset, one that is off is switched on. It is a
// decision, and a step of the engine like any other; what was told of the machine is over with it, and whoever is ill still
// when it has started is found so again.

import { machineKey, restartKey, sshKey } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { moveMachine } from '../events/index.ts'
import type { MachineId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { writeDecision } from './decision.ts'
import { endPlaces } from './place-problems.ts'
import { powerless } from './power.ts'
import { type ProblemPlace, resolveProblem } from './problems.ts'

/** What a start may mend; ends when it is asked for, and is told again when it did not. */
const ofRunning = ['machine_hung', 'member_unhealthy'] as const

/**
 * Writes down that these machines are started anew, of members that are no more on their way. Throws power_not_supported
 * where a provider of theirs cannot, and wrong_state when none of them is a member's any more.
 */
export async function askRestart(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  machines: readonly MachineId[],
  because: { readonly actor: string; readonly reason: string },
): Promise<void> {
  const rows = await tx
    .selectFrom('machines')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .select(['machines.id', 'machines.member', 'machines.state', 'provider_id'])
    .where('machines.id', 'in', machines)
    .where('machines.state', 'in', ['booting', 'ready', 'unhealthy'])
    .where('members.state', 'in', ['joining', 'in', 'changing'])
    .execute()
  if (rows.length === 0) throw nobodyLeft()
  const cannot = await powerless(tx, [...new Set(rows.map(({ provider_id }) => provider_id))])
  if (cannot.length > 0) throw cannotStart(cannot)
  const moved = { actor: because.actor, cause: because.reason }
  for (const { id, member, state } of rows) {
    // Asked again meanwhile: a second start beside the first would leave that one half done for ever.
    if (await isStarting(tx, place, member)) continue
    const decision = { kind: 'restart', subject: member, reason: because.reason, data: {} } as const
    await writeDecision(tx, seams, place, decision, because.actor)
    // Neither checked nor given anything to do until it has started; down in our books until it is seen to run.
    if (state === 'ready') await moveMachine(tx, seams, { machine: id, to: 'unhealthy', ...moved })
    if (state !== 'booting') await moveMachine(tx, seams, { machine: id, to: 'booting', ...moved })
    await tx
      .updateTable('records')
      .set({ suspect: 'its machine was started anew' })
      .where('platform_id', '=', place.id)
      .where('key', 'in', [machineKey(member), sshKey(member)])
      .where('achieved', 'is not', null)
      .execute()
    for (const code of ofRunning)
      await resolveProblem(tx, seams, place, { subject: member, machineId: id, code }, 'reboot', because.actor)
  }
}

/** A machine that was off, or lost, was seen to run. */
export async function noteStarted(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  { ref, machine }: MemberView,
): Promise<void> {
  const well = { missing_since: null, ill_since: null }
  await tx.updateTable('machines').set(well).where('id', '=', machine.id).execute()
  const cause = 'it runs again'
  await resolveProblem(tx, seams, view, { subject: ref, machineId: machine.id, code: 'machine_dead' }, cause)
  await endPlaces(tx, seams, view, machine.id, cause)
}

/** Whether what was asked for last for this member is still to be done; one that is blocked is asked for anew. */
async function isStarting(tx: Tx, place: ProblemPlace, member: string): Promise<boolean> {
  const { asked } = await tx
    .selectFrom('decisions')
    .select((select) => select.fn.countAll<number>().as('asked'))
    .where('platform_id', '=', place.id)
    .where('kind', '=', 'restart')
    .where('subject', '=', member)
    .executeTakeFirstOrThrow()
  if (Number(asked) === 0) return false
  const record = await tx
    .selectFrom('records')
    .select('status')
    .where('platform_id', '=', place.id)
    .where('key', '=', restartKey(member, Number(asked)))
    .executeTakeFirst()
  return record?.status !== 'done' && record?.status !== 'blocked'
}

/** Whether the member's machine is being started because a person asked for it: it is given its time. */
export function isRestarting(view: PlatformView, member: MemberView): boolean {
  const number = view.restarts.get(member.ref)
  if (number === undefined) return false
  const record = view.records.get(restartKey(member.ref, number))
  if (record?.status === 'blocked') return false
  return record?.achieved == null || record.attempting !== null
}

function nobodyLeft(): ProblemError {
  return new ProblemError({
    code: 'wrong_state',
    detail: 'None of the machines it is about can be started: they are being made, or are on their way out.',
    next: 'Look again in a minute; what is on its way out is replaced by itself.',
  })
}

function cannotStart(providers: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'power_not_supported',
    detail: `Provider ${providers.join(' and ')} cannot stop and start machines.`,
    facts: { providers },
    next: 'Have the machine made anew (recreate), or start it at its provider yourself.',
  })
}
