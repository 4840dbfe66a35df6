// Successors that come before their predecessors go: how many machines there are beside the slots while a change runs.

import { type GroupSpec, updateRules, type Wish } from '../blueprints/index.ts'
import type { MemberChange } from './difference.ts'

export interface Surge {
  /** Groups of which machines are replaced, and of how many slots two are there at once, COUNT. */
  readonly groups: readonly { readonly group: string; readonly atOnce: number }[]
  /** Whether those of all groups are there together (kept warm), or one group's after the other's. */
  readonly together: boolean
}

/** Who votes leaves first, unless it is alone; what is kept warm stays beside all the others. */
export function surgeOf(groups: readonly GroupSpec[], changes: readonly MemberChange[], target: Wish): Surge {
  const rules = updateRules(target.blueprint.document.update)
  const together = rules.keepWarmMs > 0
  const replacing = groups.flatMap(({ name, count, quorum }) => {
    const replaced = replacedOf(name, changes).length
    const most = together ? replaced : rules.inFlightOf(count)
    const atOnce = quorum ? Number(count === 1) : Math.min(most, replaced)
    return replaced === 0 ? [] : [{ group: name, atOnce }]
  })
  return { groups: replacing, together }
}

/** Members of a group whose machines make room for others. */
export function replacedOf(group: string, changes: readonly MemberChange[]): MemberChange[] {
  return changes.filter(({ member, fate }) => member.group === group && fate === 'replace')
}
