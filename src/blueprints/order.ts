import type { Need, PlanStep } from './plan-types.ts'

/**
 * The steps so that each comes after what it needs; otherwise as given. Linear: a need that steps share is followed
 * once. Throws an Error when a key is unknown or the needs form a circle, which the checks exclude.
 */
export function inOrder<Step extends PlanStep>(steps: readonly Step[]): Step[] {
  const byKey = new Map(steps.map((step) => [step.key, step]))
  if (byKey.size !== steps.length) throw new Error('two steps have one key')
  const ordered: Step[] = []
  const state = new Map<string, 'open' | 'done'>()
  const followed = new Set<Need>()

  function visit(step: Step): void {
    const seen = state.get(step.key)
    if (seen === 'done') return
    if (seen === 'open') throw new Error(`${step.key} needs itself`)
    state.set(step.key, 'open')
    for (const need of step.needs) {
      if (followed.has(need)) continue
      for (const key of need.steps) {
        const needed = byKey.get(key)
        if (needed === undefined) throw new Error(`${step.key} needs ${key}, which is not in the plan`)
        visit(needed)
      }
      followed.add(need)
    }
    state.set(step.key, 'done')
    ordered.push(step)
  }
  for (const step of steps) visit(step)
  return ordered
}
