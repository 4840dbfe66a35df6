import type { Executor, MemberRef, Plan } from './plan-types.ts'

export interface Candidate {
  readonly member: MemberRef
  /** Keys of its own steps, and of once steps that run on it: it is part of the platform when each was achieved once. */
  readonly steps: readonly string[]
}

/**
 * Who may run a step `on` an executor, in the order of the plan. A healthy machine alone is no executor: a manager that
 * has not joined yet cannot mint a token. So each candidate comes with the steps that make it a member in fact; the
 * engine takes one whose records have all of them achieved (an achieved fingerprint, be it an older one).
 */
export function executorsOf(plan: Plan, on: Executor): Candidate[] {
  const steps = new Map<MemberRef, string[]>()
  for (const step of plan.steps) {
    if (step.kind === 'machine') {
      if (step.want === 'present' && !step.warm && isMeant(on, step.input.member)) steps.set(step.input.member, [])
    }
  }
  for (const step of plan.steps) {
    if (step.want !== 'present' || step.mode === 'fresh' || step.kind === 'gate') continue
    const member = step.kind === 'script' ? (step.on.kind === 'member' ? step.on.member : null) : step.member
    if (member !== null) steps.get(member)?.push(step.key)
  }
  return [...steps].map(([member, keys]) => ({ member, steps: keys }))
}

function isMeant(on: Executor, member: MemberRef): boolean {
  if (on.kind === 'member') return on.member === member
  return member.slice(0, member.lastIndexOf('-')) === on.group && !on.except.includes(member)
}
