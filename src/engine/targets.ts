// What each step is asked to be, computed once per plan. Inputs come from other steps and machines, so a
// finished step may change the target of those that name it in `with`: just these are looked at again.

import type { MemberRef, PlanStep, Value } from '../blueprints/index.ts'
import type { EngineDeps } from './deps.ts'
import { fingerprint } from './resolve.ts'
import type { PlatformView } from './view.ts'

export interface Targets {
  /** The step's planned fingerprint; undefined while one of its inputs is not known. */
  of(step: PlanStep): string | undefined
  /** Forgets what depends on a step's outputs or its machine's facts; answers the steps concerned. */
  touched(step: PlanStep): readonly PlanStep[]
}

export function targetsOf(
  deps: Pick<EngineDeps, 'kinds'>,
  steps: readonly PlanStep[],
  view: () => PlatformView,
): Targets {
  const known = new Map<string, string>()
  const dependants = new Map<string, PlanStep[]>()
  for (const step of steps) {
    if (step.kind !== 'script' && step.kind !== 'gate') continue
    for (const value of Object.values(step.input.with)) {
      for (const source of sourcesOf(value)) {
        const list = dependants.get(source)
        if (list) list.push(step)
        else dependants.set(source, [step])
      }
    }
  }
  return {
    of(step) {
      const before = known.get(step.key)
      if (before !== undefined) return before
      const target = fingerprint(view(), step, deps.kinds.get(step.kind)?.revision ?? 0)
      if (target !== undefined) known.set(step.key, target)
      return target
    },
    touched(step) {
      const source = step.kind === 'machine' ? memberSource(step.input.member) : step.key
      const concerned = dependants.get(source) ?? []
      for (const one of concerned) known.delete(one.key)
      return concerned
    },
  }
}

function sourcesOf(value: Value): readonly string[] {
  switch (value.from) {
    case 'literal':
      return []
    case 'output':
    case 'fresh':
      return [value.step]
    case 'member':
      return [memberSource(value.member)]
    case 'group':
      return value.members.map(memberSource)
    default:
      return value satisfies never
  }
}

function memberSource(ref: MemberRef): string {
  return `member ${ref}`
}
