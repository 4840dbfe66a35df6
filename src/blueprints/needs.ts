import { eachKey, isOperationKey, machineKey, sshKey } from './keys.ts'
import { parseQuantified, type Quantified } from './language/selection.ts'
import type { NeedSpec, ScriptSpec } from './language/step.ts'
import { parseReference } from './language/value.ts'
import type { Need, PlanMember } from './plan-types.ts'
import { chosen, type Owner } from './values.ts'
import { presentOf, runsOn, type View, type ViewStep } from './view.ts'

// What a step waits for. Where a needed step is not in the plan for a member (its `when` does not hold, or it leaves
// the founder out) that step's own needs stand in for it: so whoever needs `join` waits, on the founder, for founding.

interface Collected {
  readonly keys: Set<string>
  readonly shared: Set<Need>
}

/** Needs of a step: as declared, plus the steps whose outputs it names. `member` is null for what runs anywhere. */
export function needsOf(view: View, step: ViewStep, member: PlanMember | null): readonly Need[] {
  const into = collected()
  if (member !== null) into.keys.add(sshKey(member.ref))
  collect(view, step, member, into)
  for (const machines of machinesCompared(view, step, member)) into.shared.add(machines)
  if (member !== null && [...into.keys].some((key) => key.startsWith(eachKey(member.ref, '')))) {
    into.keys.delete(sshKey(member.ref))
  }
  return asNeeds(into)
}

/**
 * Needs of an operation's step: other steps of it. What it takes from the platform's own steps is there already, and a
 * need for them could stand in its way while it holds them.
 */
export function operationNeeds(view: View, step: ViewStep, member: PlanMember | null): readonly Need[] {
  const into = collected()
  collect(view, step, member, into)
  return asNeeds(into).flatMap((need) => {
    const steps = need.steps.filter(isOperationKey)
    if (steps.length === need.steps.length) return [need]
    return steps.length === 0 ? [] : [{ ...need, steps }]
  })
}

function collected(): Collected {
  return { keys: new Set(), shared: new Set() }
}

function asNeeds(into: Collected): Need[] {
  return [...(into.keys.size > 0 ? [{ quantifier: 'all' as const, steps: [...into.keys] }] : []), ...into.shared]
}

function collect(view: View, step: ViewStep, member: PlanMember | null, into: Collected): void {
  for (const need of step.spec.needs ?? []) collectNeed(view, need, member, into)
  for (const name of stepsNamed(view, step.spec, member)) collectStep(view, name, member, into)
}

function collectNeed(view: View, need: NeedSpec, member: PlanMember | null, into: Collected): void {
  if (typeof need === 'string') {
    collectStep(view, need, member, into)
    return
  }
  for (const shared of groupNeeds(view, need.step, parseQuantified(need.of))) into.shared.add(shared)
}

function collectStep(view: View, name: string, member: PlanMember | null, into: Collected): void {
  const step = view.steps.get(name)
  if (step === undefined) throw new Error(`no step ${name}`)
  if (step.active && step.mode === 'once') into.keys.add(step.keyFor(null))
  else if (member !== null && runsOn(view, step, member)) into.keys.add(step.keyFor(member.ref))
  else collect(view, step, step.mode === 'fresh' ? null : member, into)
}

/** The needs of `<step> of <quantifier>(<group>)`, made once and shared by all who have them. */
function groupNeeds(view: View, name: string, { quantifier, group }: Quantified): readonly Need[] {
  const id = `${name} ${quantifier} ${group}`
  const known = view.needs.get(id)
  if (known !== undefined) return known
  const into = collected()
  const counted: string[] = []
  for (const member of presentOf(view, group)) {
    const own = quantifier === 'all' ? into : collected()
    collectStep(view, name, member, own)
    const standing = [...own.keys].find((key) => !key.includes('@')) ?? [...own.keys][0]
    if (quantifier !== 'all' && standing !== undefined) counted.push(standing)
  }
  const needs = quantifier === 'all' ? asNeeds(into) : [{ quantifier, steps: counted }]
  view.needs.set(id, needs)
  return needs
}

/**
 * A `with` that holds the addresses of a group can be compared only when all its machines have one. (`using` takes what
 * is known when the step runs.)
 */
function machinesCompared(view: View, step: ViewStep, owner: Owner): Need[] {
  const needs: Need[] = []
  for (const expression of Object.values(step.spec.with ?? {})) {
    const value = chosen(view, expression, owner)
    const reference = typeof value === 'string' ? parseReference(value) : null
    if (reference?.kind !== 'named' || view.steps.has(reference.name)) continue
    if (reference.part !== 'name' && reference.part !== 'ordinal') needs.push(machinesOf(view, reference.name))
  }
  return needs
}

function machinesOf(view: View, group: string): Need {
  const id = `machines of ${group}`
  const known = view.needs.get(id)?.[0]
  if (known !== undefined) return known
  const need: Need = { quantifier: 'all', steps: presentOf(view, group).map((member) => machineKey(member.ref)) }
  view.needs.set(id, [need])
  return need
}

/** Names of the steps whose outputs a script gets. */
export function stepsNamed(view: Pick<View, 'parameters' | 'steps'>, spec: ScriptSpec, owner: Owner): string[] {
  const names: string[] = []
  for (const expression of [...Object.values(spec.with ?? {}), ...Object.values(spec.using ?? {})]) {
    const value = chosen(view, expression, owner)
    if (typeof value !== 'string') continue
    const reference = parseReference(value)
    if (reference.kind === 'named' && view.steps.has(reference.name)) names.push(reference.name)
  }
  return names
}
