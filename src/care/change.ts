// A change of what a platform is to be: decided whole before anything is written, so that a dry run shows exactly what
// would be done, and admitted whole or refused whole.

import { type GroupSpec, groupsOf, updateRules, type Wish } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { type Amounts, type Claim, machineAmounts, type QuotaLine, quoteQuota } from '../quota/index.ts'
import type { Db } from '../store/store.ts'
import { flavorOf } from './catalogue.ts'
import type { DecideDeps } from './deps.ts'
import { changesTo, type MemberChange } from './difference.ts'
import { allWaves, type Behind } from './pacing.ts'
import { behindOf } from './rollout.ts'
import { loadNeighbours, type Seating, seatSlots } from './seat.ts'
import { heldBy, surgeHolder } from './settle-change.ts'
import { type Slot, slotHolder } from './slot.ts'
import { nextIncarnation } from './successor.ts'
import { chooseVictims } from './victims.ts'

export interface ChangePreview {
  readonly target: Wish
  /** New members, with their seats. */
  readonly added: readonly Slot[]
  readonly seating: Seating
  /** Who goes, all incarnations of a slot, and why. */
  readonly removed: readonly { readonly member: MemberView; readonly why: string }[]
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
  deps: Pick<DecideDeps, 'flavors'>,
  view: PlatformView,
  target: Wish,
  renewedAt = view.renewedAt,
): Promise<ChangePreview> {
  const groups = groupsOf(target.blueprint, target.parameters)
  const judged = changesTo(view, target, renewedAt)
  const revived = judged.filter((change) => isWantedBack(change, judged)).map(({ member }) => member)
  const back = new Set(revived.map((member) => member.ref))
  const fates = judged.filter(({ member }) => member.warmUntil === null || back.has(member.ref))
  const removed = await removedBy(db, view, groups, fates)
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
  const claims = await claimsFor(db, deps, view, groups, { added, changes, remade, target })
  const quota = await quoteQuota(db, { project: view.projectId, platform: view.id, claims })
  const gone = new Set([...removed.map(({ member }) => member.name), ...remade.map(({ member }) => member.name)])
  const neighbours = (await loadNeighbours(db, view.id)).filter(({ name }) => name === undefined || !gone.has(name))
  const seating = await seatSlots(db, slots, neighbours)
  const behind = changes.filter(({ member, fate }) => fate !== 'stays' && member.state === 'in')
  const waves = allWaves(
    behind.map(({ member }) => behindOf(member)),
    {
      rules: updateRules(target.blueprint.document.update),
      groups: groups.map(({ name, count, quorum }) => ({ name, size: count, quorum })),
      canariesSent: 0,
    },
  )
  return { target, added, seating, removed, remade, returning, undone, changes, waves, claims, quota }
}

/** Kept warm, still as it is to be again, while who has its place is not. */
function isWantedBack({ member, fate }: MemberChange, all: readonly MemberChange[]): boolean {
  if (member.warmUntil === null || member.machine.missing || fate !== 'stays') return false
  const present = all.filter((other) => other.member.name === member.name && other.member.warmUntil === null)
  return present.length > 0 && present.every((other) => other.fate !== 'stays')
}

type Removed = { readonly member: MemberView; readonly why: string }

/** Those one too many of each group, those of groups that are no more, and successors that nobody needs any more. */
async function removedBy(
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

/** New slots take the lowest ordinals that are free. */
async function addedBy(
  db: Db,
  deps: Pick<DecideDeps, 'flavors'>,
  view: PlatformView,
  target: Wish,
  groups: readonly GroupSpec[],
  staying: readonly MemberChange[],
): Promise<Slot[]> {
  const added: Slot[] = []
  for (const group of groups) {
    const taken = new Set(
      staying.filter(({ member }) => member.group === group.name).map(({ member }) => member.ordinal),
    )
    let missing = group.count - taken.size
    for (let ordinal = 0; missing > 0; ordinal++) {
      if (taken.has(ordinal)) continue
      added.push(await slotFor(db, deps, view, target, group, ordinal))
      missing -= 1
    }
  }
  return added
}

async function slotFor(
  db: Db,
  deps: Pick<DecideDeps, 'flavors'>,
  view: PlatformView,
  target: Wish,
  group: GroupSpec,
  ordinal: number,
): Promise<Slot> {
  const { cost, ...resources } = flavorOf(deps.flavors, group.flavor)
  const incarnation = await nextIncarnation(db, view.id, group.name, ordinal)
  return { group, ordinal, incarnation, revision: target.revision, resources, cost }
}

function slotOf(
  db: Db,
  deps: Pick<DecideDeps, 'flavors'>,
  view: PlatformView,
  target: Wish,
  groups: readonly GroupSpec[],
  member: MemberView,
): Promise<Slot> {
  const group = groups.find(({ name }) => name === member.group)
  if (!group) throw new Error(`${member.ref} is of a group that is not wanted any more`)
  return slotFor(db, deps, view, target, group, member.ordinal)
}

/**
 * What the platform holds from now until the change is through: each slot as much as the larger of its machines, and
 * beside them the successors that come before their predecessors go.
 */
async function claimsFor(
  db: Db,
  deps: Pick<DecideDeps, 'flavors'>,
  view: PlatformView,
  groups: readonly GroupSpec[],
  { added, changes, remade, target }: Pick<ChangePreview, 'added' | 'changes' | 'remade' | 'target'>,
): Promise<Claim[]> {
  const held = await heldBy(db, view.id)
  const amountsOf = (slot: Pick<Slot, 'cost' | 'resources'>): Amounts => ({
    ...slot.cost,
    ...machineAmounts(slot.resources),
  })
  const claims = new Map<string, Amounts>()
  for (const slot of [...added, ...remade.map((one) => one.slot)]) {
    const holder = slotHolder(view.id, `${slot.group.name}-${slot.ordinal}`)
    claims.set(holder, larger(held.get(holder) ?? {}, amountsOf(slot)))
  }
  const rules = updateRules(target.blueprint.document.update)
  let surge: Amounts = {}
  for (const group of groups) {
    const replaced = changes.filter(({ member, fate }) => member.group === group.name && fate === 'replace')
    if (replaced.length === 0) continue
    const { cost, ...resources } = flavorOf(deps.flavors, group.flavor)
    const amounts = amountsOf({ cost, resources })
    for (const { member } of replaced) {
      const holder = slotHolder(view.id, member.name)
      claims.set(holder, larger(held.get(holder) ?? {}, amounts))
    }
    const most = rules.keepWarmMs > 0 ? replaced.length : rules.inFlightOf(group.count)
    const atOnce = group.quorum ? Number(group.count === 1) : Math.min(most, replaced.length)
    const beside = replaced.reduce(
      (sum, { member }) => larger(sum, held.get(slotHolder(view.id, member.name)) ?? {}),
      amounts,
    )
    const taken = Object.fromEntries(Object.entries(beside).map(([key, n]) => [key, n * atOnce]))
    // Waves follow one another, so their room is the same; what is kept warm adds up.
    surge = rules.keepWarmMs > 0 ? sumOf(surge, taken) : larger(surge, taken)
  }
  claims.set(surgeHolder(view.id), surge)
  return [...claims].map(([holder, amounts]) => ({ holder, amounts }))
}

function sumOf(a: Amounts, b: Amounts): Amounts {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...keys].map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)]))
}

function larger(a: Amounts, b: Amounts): Amounts {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return Object.fromEntries([...keys].map((key) => [key, Math.max(a[key] ?? 0, b[key] ?? 0)]))
}
