// Who comes in a change, and which slot each takes.

import type { GroupSpec, Wish } from '../blueprints/index.ts'
import type { MemberView, PlatformView } from '../engine/index.ts'
import type { Db } from '../store/store.ts'
import { flavorOf } from './catalogue.ts'
import type { DecideDeps } from './deps.ts'
import type { MemberChange } from './difference.ts'
import type { Slot } from './slot.ts'
import { nextIncarnation } from './successor.ts'

/** New slots take the lowest ordinals that are free. */
export async function addedBy(
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

/** The same slot, for its next machine. */
export function slotOf(
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
