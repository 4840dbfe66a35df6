import { unreachable } from '../kernel/unreachable.ts'
import type { Blueprint } from './document.ts'
import { eachKey, freshKey, onceKey } from './keys.ts'
import { holds } from './language/condition.ts'
import { parseSelection, type Selection } from './language/selection.ts'
import type { StepSpec } from './language/step.ts'
import type { MemberRef, Need, PlanInput, PlanMember, ScriptInput, Value } from './plan-types.ts'

// A blueprint seen with one platform's parameters and members: everything that planning looks up again and again is
// looked up once, so that planning stays linear in the members.

export interface ViewStep {
  readonly name: string
  readonly spec: StepSpec
  readonly on: Selection
  readonly mode: 'each' | 'once' | 'fresh'
  /** Whether its `when` holds. */
  readonly active: boolean
  /** Its key, for a member where it is of each. */
  readonly keyFor: (owner: MemberRef | null) => string
}

export interface View {
  readonly blueprint: Blueprint
  readonly parameters: PlanInput['parameters']
  readonly founders: PlanInput['founders']
  readonly founded: PlanInput['founded']
  readonly steps: ReadonlyMap<string, ViewStep>
  /** All members, in the order of groups, ordinals and incarnations. */
  readonly members: readonly PlanMember[]
  /** Group -> members that are not leaving. */
  readonly present: ReadonlyMap<string, readonly PlanMember[]>
  readonly presentRefs: ReadonlySet<MemberRef>
  /** Objects that many steps share: one need per group and step, one value per group and fact, one input per step. */
  readonly needs: Map<string, readonly Need[]>
  readonly values: Map<string, Value>
  readonly inputs: Map<string, ScriptInput>
}

/** The view of a platform. Members of groups that the blueprint does not have are a bug of the caller. */
export function viewOf(blueprint: Blueprint, input: Omit<PlanInput, 'want'>): View {
  const groups = Object.keys(blueprint.document.groups)
  const rank = new Map(groups.map((name, index) => [name, index]))
  const rankOf = (member: PlanMember): number => {
    const found = rank.get(member.group)
    if (found === undefined) throw new Error(`member ${member.ref} is of a group that ${blueprint.document.name} lacks`)
    return found
  }
  const members = [...input.members].sort(
    (a, b) => rankOf(a) - rankOf(b) || a.ordinal - b.ordinal || a.incarnation - b.incarnation,
  )
  const present = new Map<string, PlanMember[]>(groups.map((name) => [name, []]))
  for (const member of members) {
    if (member.state !== 'leaving' && !member.warm) present.get(member.group)?.push(member)
  }
  return {
    blueprint,
    parameters: input.parameters,
    founders: input.founders,
    founded: input.founded,
    steps: stepsOf(blueprint, input),
    members,
    present,
    presentRefs: new Set([...present.values()].flat().map((member) => member.ref)),
    needs: new Map(),
    values: new Map(),
    inputs: new Map(),
  }
}

function stepsOf(
  blueprint: Blueprint,
  { parameters, foundings }: Pick<PlanInput, 'parameters' | 'foundings'>,
): Map<string, ViewStep> {
  const steps = new Map<string, ViewStep>()
  for (const [name, spec] of Object.entries(blueprint.document.steps ?? {})) {
    const mode = spec.once ? 'once' : spec.fresh ? 'fresh' : 'each'
    const on = parseSelection(spec.on)
    const founding = on.kind === 'founder' ? foundings?.[on.group] : undefined
    steps.set(name, {
      name,
      spec,
      on,
      mode,
      active: holds(spec.when, parameters),
      keyFor: keysOf(name, mode, founding),
    })
  }
  return steps
}

function keysOf(name: string, mode: ViewStep['mode'], founding?: number): ViewStep['keyFor'] {
  switch (mode) {
    case 'once':
      return () => onceKey(name, founding)
    case 'fresh':
      return () => freshKey(name)
    case 'each':
      return (owner) => eachKey(ownerOf(owner, name), name)
    default:
      return unreachable(mode)
  }
}

/** The member meant; that there is one where a step is of each, the checks have made sure. */
export function ownerOf(owner: MemberRef | null, step: string): MemberRef {
  if (owner === null) throw new Error(`${step} is of a member, and none is meant here`)
  return owner
}

/** Whether an each step runs on this member. */
export function runsOn(view: View, step: ViewStep, member: PlanMember): boolean {
  if (!step.active || step.mode !== 'each' || step.on.kind !== 'each') return false
  if (step.on.groups !== null && !step.on.groups.includes(member.group)) return false
  return step.spec.except !== 'founder' || view.founders[member.group] !== member.ref
}

/** Members of a group that are not leaving. */
export function presentOf(view: View, group: string): readonly PlanMember[] {
  return view.present.get(group) ?? []
}
