// A slot is a member's place in its group; an incarnation is one machine's life in it. What a slot needs
// of hosts and quota follows from its group's flavor and image.

import type { GroupSpec } from '../blueprints/index.ts'
import type { Resources } from '../placement/index.ts'

export interface Slot {
  readonly group: GroupSpec
  readonly ordinal: number
  readonly incarnation: number
  /** The wish it follows. */
  readonly revision: number
  readonly resources: Resources
  /** Quota keys beyond the machine's own that one machine of its flavor takes. */
  readonly cost: Readonly<Record<string, number>>
}

export function slotName(slot: Pick<Slot, 'group' | 'ordinal'>): string {
  return `${slot.group.name}-${slot.ordinal}`
}

/** Who holds a slot's quota: the slot and not the machine, so that a replacement inherits it. */
export function slotHolder(platform: string, slot: string): string {
  return `${platform}/${slot}`
}
