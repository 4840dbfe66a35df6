import type { Json } from '../kernel/canonical.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Blueprint, GroupDocument } from './document.ts'
import { holds } from './language/condition.ts'
import type { GroupSpec } from './plan-types.ts'

/** What each group asks of placement and quota, in the order of the blueprint. `parameters` come from resolveParameters. */
export function groupsOf(blueprint: Blueprint, parameters: Readonly<Record<string, Json>>): GroupSpec[] {
  const { groups, steps } = blueprint.document
  const founding = new Set(
    Object.values(steps ?? {})
      .filter((step) => holds(step.when, parameters))
      .map((step) => step.on),
  )
  return Object.entries(groups).map(([name, group]) => ({
    name,
    count: countOf(group, parameters),
    flavor: textOf(group.flavor, parameters),
    image: textOf(group.image, parameters),
    spread: {
      ...(group.spread?.host !== undefined && { host: ruleOf(group.spread.host, parameters) }),
      ...(group.spread?.zone !== undefined && { zone: ruleOf(group.spread.zone, parameters) }),
    },
    quorum: group.quorum ?? false,
    founds: founding.has(`founder(${name})`),
  }))
}

type Given = Readonly<Record<string, Json>>

function given<T>(value: T | { readonly param: string }, parameters: Given): T | Json | undefined {
  return typeof value === 'object' && value !== null && 'param' in value ? parameters[value.param] : value
}

function countOf(group: GroupDocument, parameters: Given): number {
  const count = given(group.count, parameters)
  if (typeof count === 'number' && count >= 0) return count
  throw refused('count', count)
}

function textOf(value: GroupDocument['flavor'], parameters: Given): string {
  const text = given(value, parameters)
  if (typeof text === 'string') return text
  throw refused('flavor or image', text)
}

function ruleOf(
  value: NonNullable<NonNullable<GroupDocument['spread']>['host']>,
  parameters: Given,
): 'must' | 'should' {
  const rule = given(value, parameters)
  if (rule === 'must' || rule === 'should') return rule
  throw refused('spread', rule)
}

function refused(what: string, value: unknown): ProblemError {
  return new ProblemError({
    code: 'invalid_parameter',
    detail: `${JSON.stringify(value)} is no ${what} of a group.`,
    next: 'Choose another value of the parameter; gantry blueprint show <blueprint> lists what each may be.',
  })
}
