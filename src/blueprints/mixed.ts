import type { MemberRef, Need, PlanInput, PlanMember, PlanStep } from './plan-types.ts'
import { type View, viewOf } from './view.ts'
import type { Wish } from './wish.ts'

// A platform in mid-rollout: some of its members are what is wanted now, others still what was wanted before. Each is
// planned by the wish it follows; what belongs to the platform as a whole follows the newest one.

export interface Views {
  readonly target: View
  /** Of wishes that members still follow. */
  readonly older: readonly View[]
  /** All members, in the order of the target's groups, then of those it does not have any more. */
  readonly members: readonly PlanMember[]
  of(member: PlanMember): View
}

/** A member whose wish is not among `older` follows `target`. */
export function viewsOf(target: Wish, older: readonly Wish[], input: Omit<PlanInput, 'want' | 'parameters'>): Views {
  const followed = older.filter((wish) => input.members.some((member) => member.revision === wish.revision))
  const views = new Map<number, View>()
  for (const wish of [target, ...followed]) {
    // A member of a group that only another wish has is nobody this one could speak of.
    const members = followed.length === 0 ? input.members : input.members.filter((member) => knows(wish, member))
    views.set(wish.revision, viewOf(wish.blueprint, { ...input, parameters: wish.parameters, members }))
  }
  const of = (revision: number | undefined): View => {
    const view = views.get(revision ?? target.revision) ?? views.get(target.revision)
    if (view === undefined) throw new Error('a platform has a target')
    return view
  }
  const members = new Map<MemberRef, PlanMember>()
  for (const view of views.values()) for (const member of view.members) members.set(member.ref, member)
  return {
    target: of(target.revision),
    older: [...views].filter(([revision]) => revision !== target.revision).map(([, view]) => view),
    members: [...members.values()],
    of: (member) => of(member.revision),
  }
}

function knows({ blueprint }: Wish, { group }: PlanMember): boolean {
  return Object.hasOwn(blueprint.document.groups, group)
}

/** Without needs of steps that only the wish of another member has: what nobody plans, nobody waits for. */
export function withoutUnplanned<Step extends PlanStep>(steps: readonly Step[]): Step[] {
  const planned = new Set(steps.map((step) => step.key))
  const known = new Map<Need, Need>()
  const kept = (need: Need): Need => {
    const before = known.get(need)
    if (before !== undefined) return before
    const keys = need.steps.filter((key) => planned.has(key))
    const after = keys.length === need.steps.length ? need : { ...need, steps: keys }
    known.set(need, after)
    return after
  }
  return steps.map((step) => ({ ...step, needs: step.needs.map(kept).filter((need) => need.steps.length > 0) }))
}
