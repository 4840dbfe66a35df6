// `worker=5` for who thinks in groups: a group's size, flavor or image is a parameter of the blueprint, if its author lets
// tenants choose it at all.

import type { Blueprint } from '../../blueprints/index.ts'
import { ProblemError } from '../../kernel/problem.ts'

export interface GroupWish {
  readonly count?: number | undefined
  readonly flavor?: string | undefined
  readonly image?: string | undefined
}

/** The parameters that say so. Throws invalid_parameter for a group that is not there or whose size is fixed. */
export function groupParameters(
  { document }: Blueprint,
  wishes: Readonly<Record<string, GroupWish>>,
): Record<string, number | string> {
  const parameters: Record<string, number | string> = {}
  for (const [name, wish] of Object.entries(wishes)) {
    const group = Object.hasOwn(document.groups, name) ? document.groups[name] : undefined
    if (group === undefined) throw noGroup(name, Object.keys(document.groups))
    for (const part of ['count', 'flavor', 'image'] as const) {
      const wanted = wish[part]
      if (wanted === undefined) continue
      const said = group[part]
      if (typeof said !== 'object') throw fixed(`${document.name} ${document.version}`, name, part, said)
      const before = parameters[said.param]
      if (before !== undefined && before !== wanted) throw contradicting(said.param, before, wanted)
      parameters[said.param] = wanted
    }
  }
  return parameters
}

function noGroup(name: string, groups: readonly string[]): ProblemError {
  return new ProblemError({
    code: 'invalid_parameter',
    detail: `There is no group ${name}.`,
    facts: { group: name, groups },
    next: `Its groups are ${groups.join(', ')}.`,
  })
}

function fixed(blueprint: string, group: string, part: string, said: string | number): ProblemError {
  return new ProblemError({
    code: 'invalid_parameter',
    detail: `The ${part} of ${group} is ${said} in ${blueprint}; its author lets nobody choose it.`,
    facts: { group, part },
    next: 'Choose another version of the blueprint, or ask its author.',
  })
}

function contradicting(parameter: string, before: number | string, wanted: number | string): ProblemError {
  return new ProblemError({
    code: 'invalid_parameter',
    detail: `Parameter ${parameter} cannot be ${before} and ${wanted}: two groups share it.`,
    facts: { parameter },
    next: 'Ask for the same in both.',
  })
}
