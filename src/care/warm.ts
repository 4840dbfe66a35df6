// A machine that was replaced may be kept warm: drained and out of everything, and back at once should the change be
// undone. After its time it goes like any other.

import type { MemberView, PlatformView } from '../engine/index.ts'
import { moveMachine, moveMember } from '../events/index.ts'
import type { MachineId } from '../kernel/ids.ts'
import type { Tx } from '../store/store.ts'
import { careActor, writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { resolveProblem } from './problems.ts'

/** Who holds what a warm machine takes beside the one in its slot; freed when it is seen gone, or serves again. */
export function warmHolder(platform: string, machine: MachineId | ''): string {
  return `${platform}/warm/${machine}`
}

/** Makes those go whose time is over, or whose machine is lost: nobody repairs what nobody uses. */
export async function decideWarm(tx: Tx, deps: DecideDeps, view: PlatformView): Promise<boolean> {
  const now = deps.seams.clock.now()
  const over = [...view.members.values()].filter(
    ({ state, warmUntil, machine }) =>
      state !== 'leaving' && warmUntil !== null && (warmUntil <= now || machine.missing),
  )
  for (const member of over) await retire(tx, deps, view, member)
  return over.length > 0
}

/** The member goes: another machine has its place. */
export async function retire(tx: Tx, { seams }: DecideDeps, view: PlatformView, member: MemberView): Promise<void> {
  const because = { actor: careActor, cause: 'replaced' }
  await moveMember(tx, seams, { member: member.id, to: 'leaving', ...because })
  await moveMachine(tx, seams, { machine: member.machine.id, to: 'replacing', ...because })
  const lost = { subject: member.ref, machineId: member.machine.id, code: 'machine_dead' as const }
  await resolveProblem(tx, seams, view, lost, 'another machine has its place')
}

/** Their successors are there and healthy: they go, at once or once nobody can want them back any more. */
export async function swap(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  old: readonly MemberView[],
  keepMs: number,
): Promise<boolean> {
  for (const member of old) {
    // Of two in a slot the one that is left behind by an undo is not kept: the way forward is the change again.
    // Nor is who votes: it would go on voting.
    const votes = view.blueprint.document.groups[member.group]?.quorum === true
    const kept = keepMs > 0 && member.state === 'in' && !votes && !isUndone(view, member)
    if (kept) await keepWarm(tx, deps, member, deps.seams.clock.now() + keepMs)
    else await retire(tx, deps, view, member)
  }
  await writeDecision(tx, deps.seams, view, {
    kind: 'swap',
    subject: String(view.generation),
    reason: keepMs > 0 ? 'others have their places; they are kept warm' : 'others have their places, and are healthy',
    data: { members: old.map((member) => member.ref) },
  })
  return true
}

function isUndone(view: PlatformView, member: MemberView): boolean {
  return [...view.members.values()].some(
    (other) => other.name === member.name && other.incarnation < member.incarnation && other.state !== 'leaving',
  )
}

async function keepWarm(tx: Tx, { seams }: DecideDeps, member: MemberView, until: number): Promise<void> {
  await moveMember(tx, seams, { member: member.id, to: 'changing', actor: careActor, cause: 'kept warm' })
  await tx.updateTable('members').set({ warm_until: until }).where('id', '=', member.id).execute()
}
