// The arrow over the real sources.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cruise } from './cruise.ts'

/** Answers each import that breaks a rule, with the reason for the rule; the empty string when there is none. */
export function judgeArrow(top: string): string {
  const { violations, modules, imports, rules } = cruise(
    top,
    ['src', 'providers', 'test'].filter((name) => existsSync(join(top, name))),
  )
  if (imports < modules / 2)
    return `only ${imports} imports seen in ${modules} files: dependency-cruiser cannot read them`
  const lines = violations.map(({ from, to, rule, cycle }) => {
    const way = cycle ? [from, ...cycle.map((step) => step.name)].join(' -> ') : `${from} -> ${to}`
    return `${way}\n  ${rule.name}: ${rules.get(rule.name)}`
  })
  return lines.join('\n')
}
