// Who goes in a change: those one too many, and those nobody needs any more.

import type { GroupSpec } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import type { Db } from '../store/store.ts'
import type { MemberChange } from './difference.ts'
import { chooseVictims } from './victims.ts'

export interface Removed {
  readonly member: MemberView
  /** For a person to read. */
  readonly why: string
}

/** Those one too many of each group, those of groups that are no more, and successors that nobody needs any more. */
export async function removedBy(
  db: Db,
  view: PlatformView,
  groups: readonly GroupSpec[],
  fates: readonly MemberChange[],
): Promise<Removed[]> {
  const removed: Removed[] = []
  const created = await createdAt(db, view)
  for (const [name, members] of Map.groupBy(fates, ({ member }) => member.group)) {
    const group = groups.find((candidate) => candidate.name === name)
    const slots = Map.groupBy(members, ({ member }) => member.name)
    const candidates = [...slots.values()].flatMap((incarnations) => {
      const [{ member } = { member: undefined }] = incarnations
      if (member === undefined) return []
      const well = incarnations.some((one) => one.member.state === 'in' && !one.member.machine.missing)
      const { name: slot, ordinal, machine } = member
      const age = created.get(member.ref) ?? 0
      return [{ name: slot, ordinal, well, zone: machine.zone, host: machine.host, createdAt: age }]
    })
    const surplus = Math.max(0, candidates.length - (group?.count ?? 0))
    const victims = new Set(chooseVictims(candidates, surplus, group?.spread ?? {}).map((victim) => victim.name))
    for (const { member } of members) {
      if (victims.has(member.name)) {
        const well = candidates.find((candidate) => candidate.name === member.name)?.well === true
        removed.push({ member, why: well ? `${name} shrinks to ${group?.count ?? 0}` : 'it is not well' })
      } else if (isNeedless(member, slots.get(member.name) ?? [])) {
        removed.push({ member, why: 'its predecessor can stay' })
      }
    }
  }
  return removed
}

/** A successor that has not joined yet, of a member that is not to be replaced any more. */
function isNeedless(member: MemberView, slot: readonly MemberChange[]): boolean {
  if (member.state !== 'joining') return false
  const old = slot.filter((one) => one.member.incarnation < member.incarnation && !one.member.machine.missing)
  return old.some(({ fate }) => fate !== 'replace')
}

async function createdAt(db: Db, view: PlatformView): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('members')
    .select(['group_name', 'ordinal', 'incarnation', 'created_at'])
    .where('platform_id', '=', view.id)
    .where('state', '!=', 'gone')
    .execute()
  return new Map(rows.map((row) => [`${row.group_name}-${row.ordinal}@${row.incarnation}`, row.created_at]))
}
