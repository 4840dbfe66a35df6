// What a change costs: before it, at most while it runs, and after it.

import { groupsOf } from '../../blueprints/index.ts'
import { type ChangePreview, replacedOf, slotName } from '../../care/index.ts'
import { type MemberView, type PlatformView, wishOf } from '../../engine/index.ts'
import type { PriceList } from '../providers/index.ts'
import type { PlatformDifference } from './change-schemas.ts'
import { dearest, type Priced, totalOf } from './cost.ts'

type CostOfChange = Pick<PlatformDifference['quote'], 'costPerHour' | 'costReason'>

/** Whoever is replaced is taken to stay at its provider: its successor's place is chosen when its turn comes. */
export function changeCost(lists: readonly PriceList[], view: PlatformView, preview: ChangePreview): CostOfChange {
  const { added, remade, changes, returning, surge, target, seating } = preview
  const flavors = new Map(groupsOf(target.blueprint, target.parameters).map(({ name, flavor }) => [name, flavor]))
  const asIs = (member: MemberView) => priced(member, flavorNow(view, member))
  const asWanted = (member: MemberView) => priced(member, flavors.get(member.group) ?? flavorNow(view, member))
  const come = [...added, ...remade.map(({ slot }) => slot)].flatMap((slot) => {
    const seat = seating.assignments.get(slotName(slot))
    return seat ? [{ provider: seat.provider, flavor: slot.group.flavor }] : []
  })
  const present = [...view.members.values()].filter(({ state }) => state !== 'leaving')
  const becomes = new Map(changes.map(({ member }) => [member.ref, asWanted(member)]))
  const beside = surge.groups.map(({ group, atOnce }) => {
    const both = replacedOf(group, changes).flatMap(({ member }) => [[asIs(member)], [asWanted(member)]])
    return Array.from({ length: atOnce }, () => dearest(lists, both)).flat()
  })
  const most = present.flatMap((member) => dearest(lists, [[asIs(member)], [becomes.get(member.ref) ?? asIs(member)]]))

  const before = totalOf(lists, present.map(asIs))
  const during = totalOf(lists, [...most, ...come, ...(surge.together ? beside.flat() : dearest(lists, beside))])
  const after = totalOf(lists, [...becomes.values(), ...returning.map(asWanted), ...come])
  return {
    costPerHour: { before: before.cost, during: during.cost, after: after.cost },
    costReason: before.reason ?? during.reason ?? after.reason,
  }
}

function priced({ machine }: MemberView, flavor: string): Priced {
  return { provider: machine.providerId, flavor }
}

function flavorNow(view: PlatformView, member: MemberView): string {
  const { blueprint, parameters } = wishOf(view, member)
  return groupsOf(blueprint, parameters).find(({ name }) => name === member.group)?.flavor ?? member.group
}
