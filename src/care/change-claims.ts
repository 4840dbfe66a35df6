// What a change takes of its project's quota until it is through.

import type { GroupSpec } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import { type Amounts, type Claim, machineAmounts } from '../quota/index.ts'
import type { Db } from '../store/store.ts'
import { flavorOf } from './catalogue.ts'
import { replacedOf, type Surge } from './change-surge.ts'
import type { DecideDeps } from './deps.ts'
import type { MemberChange } from './difference.ts'
import { heldBy, surgeHolder } from './settle-change.ts'
import { type Slot, slotHolder } from './slot.ts'

interface Claiming {
  readonly added: readonly Slot[]
  readonly remade: readonly { readonly member: MemberView; readonly slot: Slot }[]
  readonly changes: readonly MemberChange[]
  readonly surge: Surge
}

/**
 * What the platform holds from now until the change is through: each slot as much as the larger of its machines, and
 * beside them the successors that come before their predecessors go.
 */
export async function claimsFor(
  db: Db,
  deps: Pick<DecideDeps, 'flavors'>,
  view: PlatformView,
  groups: readonly GroupSpec[],
  { added, changes, remade, surge: beside }: Claiming,
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
  let surge: Amounts = {}
  for (const group of groups) {
    const replaced = replacedOf(group.name, changes)
    if (replaced.length === 0) continue
    const { cost, ...resources } = flavorOf(deps.flavors, group.flavor)
    const amounts = amountsOf({ cost, resources })
    for (const { member } of replaced) {
      const holder = slotHolder(view.id, member.name)
      claims.set(holder, larger(held.get(holder) ?? {}, amounts))
    }
    const atOnce = beside.groups.find((one) => one.group === group.name)?.atOnce ?? 0
    const largest = replaced.reduce(
      (sum, { member }) => larger(sum, held.get(slotHolder(view.id, member.name)) ?? {}),
      amounts,
    )
    const taken = Object.fromEntries(Object.entries(largest).map(([key, n]) => [key, n * atOnce]))
    // Waves follow one another, so their room is the same; what is kept warm adds up.
    surge = beside.together ? sumOf(surge, taken) : larger(surge, taken)
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
