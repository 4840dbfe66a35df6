// Who is moved off a host in maintenance, and when. Nothing is wrong with these machines, so nobody is put at risk for it:
// a platform in trouble is left alone, few of a group go at a time, and of a quorum one, while the others hold it.

import type { GroupSpec } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { isOn, lastingMaintenances } from '../placement/index.ts'
import type { MaintenanceTable } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import type { DecideDeps } from './deps.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { quorumOf } from './quorum.ts'
import { isReportOnly, needOf, replace } from './replace.ts'
import { hindrances } from './successor.ts'
import { windowOpen } from './window.ts'

const code = 'host_maintenance'
/** What may stand in the way of a move. */
const codes = [code, ...hindrances] as const

/** Share of a group without quorum that is moved at a time; one at least. */
const shareAtOnce = 0.1

/** True when somebody is moved, or what keeps somebody from it changed. */
export async function decideMoves(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  groups: readonly GroupSpec[],
): Promise<boolean> {
  const lasting = await lastingMaintenances(tx)
  const toMove = (member: MemberView) => isWell(view, member) && lasting.some((place) => isOn(member.machine, place))
  // A change comes first, and what is in its way is its own to say.
  if (!view.settled) return false
  let changed = await forgetHindrances(tx, deps, view, toMove)
  if (lasting.length === 0 || !isCalm(view) || (await isReportOnly(tx))) return changed
  const now = deps.seams.clock.now()
  const { open } = await windowOpen(tx, view.id, now)
  const mayMove = (member: MemberView) =>
    toMove(member) && lasting.some((place) => isOn(member.machine, place) && (open || isUrgent(place, now)))
  for (const group of groups) {
    // Who is kept warm serves nobody: it is not moved, goes when its time is over, and leaves no gap.
    const members = [...view.members.values()].filter(
      (member) => member.group === group.name && member.warmUntil === null,
    )
    let room = roomOf(group, members)
    for (const member of members.filter(mayMove).sort((a, b) => a.ordinal - b.ordinal)) {
      if (room === 0) break
      const against = whyNot(view, group, member)
      const problem = { subject: member.ref, machineId: member.machine.id, code } as const
      if (against !== null) {
        const detail = `${member.name} cannot be moved off ${member.machine.host ?? member.machine.zone}, which is in maintenance: ${against}`
        const opened = await openProblem(tx, deps.seams, view, { ...problem, detail, resolutions: ['ignore'] })
        changed ||= opened
        continue
      }
      if (await resolveProblem(tx, deps.seams, view, problem, 'it can be moved now')) changed = true
      if (!(await replace(tx, deps, view, member, 'maintenance'))) continue
      changed = true
      room -= 1
    }
  }
  return changed
}

/** Its moves do not wait for the windows of platforms, or not any more. */
function isUrgent({ deadline_at }: MaintenanceTable, now: number): boolean {
  return deadline_at === null || now >= deadline_at
}

function isWell(view: PlatformView, member: MemberView): boolean {
  return member.state === 'in' && needOf(view, member) === undefined
}

function isCalm({ state }: PlatformView): boolean {
  return state === 'ready' || state === 'degraded'
}

/** How many more of the group may be away, COUNT. Whoever comes, goes, changes or is lost counts, whatever for. */
function roomOf(group: GroupSpec, members: readonly MemberView[]): number {
  const most = group.quorum ? 1 : Math.max(1, Math.floor(members.length * shareAtOnce))
  const away = members.filter((member) => member.state !== 'in' || member.machine.missing)
  const slots = new Set(away.map(({ ordinal }) => ordinal))
  return Math.max(0, most - slots.size)
}

/** Why the group would not bear it; null: it would. */
export function whyNot(view: PlatformView, group: GroupSpec, member: MemberView): string | null {
  if (!group.quorum) return null
  const { voters, alive } = quorumOf(view, group.name)
  if ((alive - 1) * 2 > voters) return null
  return `of ${voters} ${member.group} ${alive} answer, and without it they would have no majority. It goes on by itself when more answer; or end the maintenance, or delete the platform.`
}

/** Closes what was in somebody's way who is to be moved no more: the maintenance ended, or he is gone. */
async function forgetHindrances(
  tx: Tx,
  deps: DecideDeps,
  view: PlatformView,
  toMove: (member: MemberView) => boolean,
): Promise<boolean> {
  const open = await tx
    .selectFrom('problems')
    .select(['subject', 'code', 'machine_id'])
    .where('platform_id', '=', view.id)
    .where('resolved_at', 'is', null)
    .where('code', 'in', codes)
    .execute()
  let changed = false
  for (const problem of open) {
    const member = [...view.members.values()].find(({ ref }) => ref === problem.subject)
    const known = codes.find((one) => one === problem.code)
    if (known === undefined || (member && toMove(member))) continue
    // Who needs a new machine for another reason has his own problems.
    if (known !== code && !(member && isWell(view, member))) continue
    const named = { subject: problem.subject, machineId: problem.machine_id, code: known }
    if (await resolveProblem(tx, deps.seams, view, named, 'it need not be moved any more')) changed = true
  }
  return changed
}
