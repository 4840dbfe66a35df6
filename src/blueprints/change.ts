import { canonicalHash, type Json } from '../kernel/canonical.ts'
import type { MemberRef, Plan, PlanStep, Value } from './plan-types.ts'

/**
 * The steps of `after` that would run if everything in `before` were done, in order, with the fresh steps they use.
 * It goes by the plans alone: an output is taken to keep its value, a member's facts change with its incarnation.
 */
export function stepsToRun(before: Plan, after: Plan): PlanStep[] {
  const known = new Map(before.steps.map((step) => [step.key, step]))
  const due = new Set<string>()
  for (const step of after.steps) {
    if (step.mode === 'fresh') continue
    const old = known.get(step.key)
    if (old === undefined ? !alreadySo(step) : isChanged(old, step)) due.add(step.key)
  }
  for (const step of after.steps) {
    if (!due.has(step.key) || (step.kind !== 'script' && step.kind !== 'gate')) continue
    for (const value of Object.values(step.input.using)) if (value.from === 'fresh') due.add(value.step)
  }
  return after.steps.filter((step) => due.has(step.key))
}

/** A machine that no earlier plan knew and that is to be absent is absent. */
function alreadySo(step: PlanStep): boolean {
  return step.kind === 'machine' && step.want === 'absent'
}

/** Whether `step` asks for something else than `old` did. */
export function isChanged(old: PlanStep, step: PlanStep): boolean {
  if (old.want !== step.want) return true
  return step.mode !== 'once' && canonicalHash(meaning(old)) !== canonicalHash(meaning(step))
}

/** What a fingerprint is made of. */
function meaning(step: PlanStep): Json {
  switch (step.kind) {
    case 'machine':
    case 'ssh':
    case 'power':
      return { kind: step.kind }
    case 'script':
    case 'gate': {
      const values = Object.entries(step.input.with).map(([name, value]) => [name, valueMeaning(value)] as const)
      return { kind: step.kind, digest: step.input.digest, with: Object.fromEntries(values) }
    }
  }
}

function valueMeaning(value: Value): Json {
  switch (value.from) {
    case 'literal':
      return value.value
    case 'output':
    case 'fresh':
      return { step: value.step, name: value.name }
    case 'member':
      return { fact: value.fact, of: subjectOf(value.member, value.fact) }
    case 'group':
      return { fact: value.fact, of: value.members.map((member) => subjectOf(member, value.fact)) }
  }
}

/** Name and ordinal belong to the slot; zone, host and address to the incarnation. */
function subjectOf(member: MemberRef, fact: string): string {
  return fact === 'name' || fact === 'ordinal' ? member.slice(0, member.lastIndexOf('@')) : member
}
