// A change of what a platform is to be: decided whole before anything is written, so that a dry run shows exactly what
// would be done, and admitted whole or refused whole.

import { groupsOf, updateRules, type Wish } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { type Claim, type QuotaLine, quoteQuota } from '../quota/index.ts'
import type { Db } from '../store/store.ts'
import { claimsFor } from './change-claims.ts'
import { type Removed, removedBy } from './change-leavers.ts'
import { addedBy, slotOf } from './change-newcomers.ts'
import { type Surge, surgeOf } from './change-surge.ts'
import type { DecideDeps } from './deps.ts'
import { changesTo, type MemberChange } from './difference.ts'
import { allWaves, type Behind } from './pacing.ts'
import { behindOf } from './rollout.ts'
import { loadNeighbours, type Seating, seatSlots } from './seat.ts'
import type { Slot } from './slot.ts'

export interface ChangePreview {
  readonly target: Wish
  /** New members, with their seats. */
  readonly added: readonly Slot[]
  readonly seating: Seating
  /** Who goes, all incarnations of a slot, and why. */
  readonly removed: readonly Removed[]
  /** Who is made anew at once, because it is not part of the platform yet or drained already. */
  readonly remade: readonly { readonly member: MemberView; readonly slot: Slot }[]
  /** Who was kept warm and takes its place again. */
  readonly returning: readonly MemberView[]
  /** Whose place it takes: they go once it is back. */
  readonly undone: readonly MemberView[]
  /** Everybody else. */
  readonly changes: readonly MemberChange[]
  /** In which order they are changed. */
  readonly waves: readonly (readonly Behind[])[]
  /** Machines there are beside the slots while it runs. */
  readonly surge: Surge
  readonly claims: readonly Claim[]
  readonly quota: readonly QuotaLine[]
}

/** Whether it asks for anything that is not so, or wanted, already. */
export function changesAnything(preview: ChangePreview): boolean {
  const { added, removed, remade, returning, changes } = preview
  return (
    added.length + removed.length + remade.length + returning.length > 0 || changes.some(({ fate }) => fate !== 'stays')
  )
}

/** What would be done. Throws `quota_exceeded`, `invalid_parameter` and what `seatSlots` throws; writes nothing. */
export async function previewChange(
  db: Db,
  deps: Pick<DecideDeps, 'flavors' | 'seats'>,
  view: PlatformView,
  target: Wish,
  renewedAt = view.renewedAt,
): Promise<ChangePreview> {
  const groups = groupsOf(target.blueprint, target.parameters)
  const judged = changesTo(view, target, renewedAt)
  const revived = judged.filter((change) => isWantedBack(change, judged)).map(({ member }) => member)
  const back = new Set(revived.map((member) => member.ref))
  const fates = judged.filter(({ member }) => member.warmUntil === null || back.has(member.ref))
  const leavers = await removedBy(db, view, groups, fates)
  const removed = [...leavers, ...warmOf(leavers, judged, back)]
  const leaving = new Set(removed.map(({ member }) => member.ref))
  const returning = revived.filter((member) => !leaving.has(member.ref))
  const places = new Set(returning.map((member) => member.name))
  const staying = fates.filter(
    ({ member }) => !leaving.has(member.ref) && (!places.has(member.name) || back.has(member.ref)),
  )
  const undone = fates
    .filter(({ member }) => places.has(member.name) && !back.has(member.ref))
    .map(({ member }) => member)
  const remadeMembers = staying.filter(
    ({ member, fate }) => member.state !== 'in' && fate === 'replace' && !back.has(member.ref),
  )
  const remade = await Promise.all(
    remadeMembers.map(async ({ member }) => ({ member, slot: await slotOf(db, deps, view, target, groups, member) })),
  )
  const changes = staying.filter((change) => !remadeMembers.includes(change) && !back.has(change.member.ref))
  const added = await addedBy(db, deps, view, target, groups, staying)
  const slots = [...added, ...remade.map(({ slot }) => slot)]
  const surge = surgeOf(groups, changes, target)
  const claims = await claimsFor(db, deps, view, groups, { added, changes, remade, surge })
  const quota = await quoteQuota(db, { project: view.projectId, platform: view.id, claims })
  const gone = new Set([...removed.map(({ member }) => member.name), ...remade.map(({ member }) => member.name)])
  const neighbours = (await loadNeighbours(db, view.id)).filter(({ name }) => name === undefined || !gone.has(name))
  const seating = await seatSlots(db, slots, neighbours, deps.seats)
  const behind = changes.filter(({ member, fate }) => fate !== 'stays' && member.state === 'in')
  const waves = allWaves(
    behind.map(({ member }) => behindOf(member)),
    {
      rules: updateRules(target.blueprint.document.update),
      groups: groups.map(({ name, count, quorum }) => ({ name, size: count, quorum })),
      canariesSent: 0,
    },
  )
  return { target, added, seating, removed, remade, returning, undone, changes, waves, surge, claims, quota }
}

/** Who was kept warm for a slot that is given up. */
function warmOf(leavers: readonly Removed[], all: readonly MemberChange[], back: ReadonlySet<string>): Removed[] {
  const left = new Set(leavers.map(({ member }) => member.ref))
  const serving = all.filter(({ member }) => member.warmUntil === null || back.has(member.ref))
  const kept = new Set(serving.filter(({ member }) => !left.has(member.ref)).map(({ member }) => member.name))
  return all
    .filter(({ member }) => member.warmUntil !== null && !back.has(member.ref) && !kept.has(member.name))
    .filter(({ member }) => leavers.some((leaver) => leaver.member.name === member.name))
    .map(({ member }) => ({ member, why: 'it was kept warm for a place that is given up' }))
}

/** Kept warm, still as it is to be again, while who has its place is not. */
function isWantedBack({ member, fate }: MemberChange, all: readonly MemberChange[]): boolean {
  if (member.warmUntil === null || member.machine.missing || fate !== 'stays') return false
  const present = all.filter((other) => other.member.name === member.name && other.member.warmUntil === null)
  return present.length > 0 && present.every((other) => other.fate !== 'stays')
}
