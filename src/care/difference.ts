// What a change means for each member that is there already, by the plans alone: whoever is asked for the same steps stays
// as it is. Pure.

import { groupsOf, isChanged, type PlanStep, planWishes, updateRules, type Wish } from '../blueprints/index.ts'
import { type MemberView, type PlatformView, wishOf } from '../engine/index.ts'

/** stays: nothing differs. inPlace: steps run again on its machine. replace: another machine takes its place. */
export type Fate = 'stays' | 'inPlace' | 'replace'

export interface MemberChange {
  readonly member: MemberView
  readonly fate: Fate
  /** For people: `flavor small -> large`, `join runs again`. */
  readonly why: string
}

type Seen = Pick<PlatformView, 'members' | 'founders' | 'foundings' | 'records' | 'wish' | 'older' | 'renewedAt'>

/** The fate of every member that is not leaving, should the platform become `target`. */
export function changesTo(view: Seen, target: Wish, renewedAt = view.renewedAt): MemberChange[] {
  const present = [...view.members.values()].filter((member) => member.state !== 'leaving')
  const wishes = [view.wish, ...view.older].filter((wish) => wish.revision !== target.revision)
  const founded = new Set([...view.records.values()].filter((r) => r.mode === 'once' && r.achieved).map((r) => r.key))
  const common = { want: 'present' as const, founders: view.founders, foundings: view.foundings, founded }
  const members = present.map(planned).filter((member) => Object.hasOwn(target.blueprint.document.groups, member.group))
  const before = byMember(planWishes(target, wishes, { ...common, members: present.map(planned) }).steps)
  const after = byMember(
    planWishes(target, [], { ...common, members: members.map((one) => ({ ...one, revision: target.revision })) }).steps,
  )
  const rules = updateRules(target.blueprint.document.update)
  return present.map((member): MemberChange => {
    if (member.revision < renewedAt) return { member, fate: 'replace', why: 'a new machine was asked for' }
    const machine = machineDiffers(wishOf(view, member), target, member.group)
    if (machine !== null) return { member, fate: 'replace', why: machine }
    const steps = differing(before.get(member.ref) ?? [], after.get(member.ref) ?? [])
    if (steps.length === 0) return { member, fate: 'stays', why: 'nothing differs for it' }
    const why = `${steps.join(', ')} ${steps.length === 1 ? 'runs' : 'run'} again`
    if (rules.strategyOf(member.group) === 'replace') return { member, fate: 'replace', why }
    return { member, fate: 'inPlace', why }
  })
}

/** As planning sees a member; what it does on the way to another wish is left out, so that plans can be compared. */
function planned({ ref, name, group, ordinal, incarnation, revision, state }: MemberView) {
  return { ref, name, group, ordinal, incarnation, revision, state: state === 'joining' ? state : ('in' as const) }
}

function byMember(steps: readonly PlanStep[]): Map<string, PlanStep[]> {
  return Map.groupBy(
    steps.filter((step) => step.member !== null && step.want === 'present'),
    (step) => step.member ?? '',
  )
}

/** Names of the steps of `after` that ask for something else than, or are not in, `before`. */
function differing(before: readonly PlanStep[], after: readonly PlanStep[]): string[] {
  const known = new Map(before.map((step) => [step.key, step]))
  return after.flatMap((step) => {
    const old = known.get(step.key)
    return old !== undefined && !isChanged(old, step) ? [] : [step.key.split('/').at(-1) ?? step.key]
  })
}

function machineDiffers(before: Wish, target: Wish, name: string): string | null {
  const old = groupsOf(before.blueprint, before.parameters).find((group) => group.name === name)
  const group = groupsOf(target.blueprint, target.parameters).find((candidate) => candidate.name === name)
  if (old === undefined || group === undefined) return null
  if (old.flavor !== group.flavor) return `flavor ${old.flavor} -> ${group.flavor}`
  return old.image === group.image ? null : `image ${old.image} -> ${group.image}`
}
