import { comparisonsOf, holds } from '../language/condition.ts'
import type { ParameterSpec, Scalar } from '../language/parameter.ts'
import { parseQuantified, parseSelection } from '../language/selection.ts'
import { parseReference, type ValueExpression } from '../language/value.ts'
import type { Path } from '../source.ts'
import { chosen } from '../values.ts'
import type { Desk } from './desk.ts'

// A condition can take away what another step relies on, and a count of 0 whom it runs on. So every combination of
// parameter values between which conditions, choose tables and empty groups can tell a difference is tried.

const maxCombinations = 4096
type Parameters = Readonly<Record<string, Scalar>>

export function checkCombinations(desk: Desk): void {
  const dimensions = dimensionsOf(desk)
  const total = dimensions.reduce((product, [, values]) => product * values.length, 1)
  if (total > maxCombinations) {
    const names = dimensions.map(([name]) => name).join(', ')
    desk.report(
      ['parameters'],
      `Conditions over ${names} make ${total} combinations; at most ${maxCombinations} are allowed.`,
      'Let fewer parameters decide, or give them fewer values.',
    )
    return
  }
  const reported = new Set<string>()
  for (let index = 0; index < total; index++) {
    const parameters = combination(dimensions, index)
    const told = Object.entries(parameters).map(([name, value]) => `${name}: ${value}`)
    checkOne(desk, parameters, (path, message, hint) => {
      const id = path.join('/')
      if (reported.has(id)) return
      reported.add(id)
      desk.report(path, told.length === 0 ? message : `With ${told.join(', ')}: ${message}`, hint)
    })
  }
}

type Dimension = readonly [name: string, values: readonly Scalar[]]
type Report = (path: Path, message: string, hint: string) => void

function dimensionsOf(desk: Desk): Dimension[] {
  const constants = new Map<string, Set<Scalar>>()
  const add = (name: string, values: readonly Scalar[]): void => {
    const known = constants.get(name) ?? new Set()
    for (const value of values) known.add(value)
    constants.set(name, known)
  }
  const conditions = [...desk.steps.values()].map((step) => step.spec.when)
  const outputs = Object.values(desk.document.outputs ?? {})
  for (const condition of [...conditions, ...outputs.map((output) => output.when)]) {
    for (const comparison of comparisonsOf(condition)) add(comparison.parameter, comparison.constants)
  }
  const values = [...desk.scripts.flatMap(({ spec }) => expressionsOf(spec)), ...outputs.map((output) => output.from)]
  for (const value of values) {
    if (typeof value !== 'object' || !('choose' in value) || value.choose.by === 'group') continue
    add(value.choose.by.param, Object.keys(value.choose.cases))
  }
  for (const group of Object.values(desk.document.groups)) {
    if (typeof group.count === 'object') add(group.count.param, [0])
  }
  return [...constants].flatMap(([name, found]) => {
    const spec = desk.document.parameters?.[name]
    return spec === undefined ? [] : [[name, representatives(spec, [...found])] as const]
  })
}

/** Values of the parameter such that any other behaves as one of them. */
function representatives(spec: ParameterSpec, constants: readonly Scalar[]): readonly Scalar[] {
  switch (spec.type) {
    case 'boolean':
      return [false, true]
    case 'integer': {
      if (spec.enum !== undefined) return spec.enum
      const numbers = constants.map(Number).filter(Number.isInteger)
      const near = [...numbers.flatMap((value) => [value - 1, value, value + 1]), spec.minimum ?? 0, spec.maximum ?? 0]
      const fits = (value: number): boolean => value >= (spec.minimum ?? value) && value <= (spec.maximum ?? value)
      return [...new Set(near.filter(fits))].sort((a, b) => a - b)
    }
    case 'string':
    case 'flavor':
    case 'image':
      if (spec.type === 'string' && spec.enum !== undefined) return spec.enum
      return [...new Set([...constants.map(String), 'any other'])]
  }
}

function combination(dimensions: readonly Dimension[], index: number): Parameters {
  const parameters: Record<string, Scalar> = {}
  let rest = index
  for (const [name, values] of dimensions) {
    const value = values[rest % values.length]
    if (value !== undefined) parameters[name] = value
    rest = Math.floor(rest / values.length)
  }
  return parameters
}

function checkOne(desk: Desk, parameters: Parameters, report: Report): void {
  const active = (name: string): boolean => holds(desk.steps.get(name)?.spec.when, parameters)
  const isEmpty = (group: string): boolean => countOf(desk, group, parameters) === 0
  for (const step of desk.steps.values()) {
    if (!active(step.name)) continue
    if (step.on.kind !== 'each' && isEmpty(step.on.group)) {
      const hint = `Give the group at least one member, or the step a when: { gt: { <count>: 0 } }.`
      report(['steps', step.name, 'on'], `${step.on.group} has no members to run ${step.name} on.`, hint)
    }
    for (const [index, need] of (step.spec.needs ?? []).entries()) {
      if (typeof need === 'string') continue
      const { quantifier, group } = parseQuantified(need.of)
      if (quantifier === 'all' || !isEmpty(group)) continue
      report(
        ['steps', step.name, 'needs', index],
        `${group} has no members, so ${need.of} is never met.`,
        `Give ${group} at least one member, or the step a when.`,
      )
    }
  }
  const health = desk.document.health?.platform
  const checker = health === undefined ? null : parseSelection(health.on)
  if (checker?.kind === 'anyHealthy' && isEmpty(checker.group)) {
    report(
      ['health', 'platform', 'on'],
      `${checker.group} has no members to check health on.`,
      `Give ${checker.group} at least one member.`,
    )
  }
  for (const { path, spec, place, label } of desk.scripts) {
    if ('step' in place && !active(place.step.name)) continue
    for (const part of ['with', 'using'] as const) {
      for (const [name, value] of Object.entries(spec[part] ?? {})) {
        const groups = 'groups' in place ? place.groups : [null]
        for (const group of groups)
          checkValue(desk, [...path, part, name], value, parameters, group, label, active, report)
      }
    }
  }
  for (const [name, output] of Object.entries(desk.document.outputs ?? {})) {
    if (!holds(output.when, parameters)) continue
    checkValue(desk, ['outputs', name, 'from'], output.from, parameters, null, `output ${name}`, active, report)
  }
}

function checkValue(
  desk: Desk,
  path: Path,
  value: ValueExpression,
  parameters: Parameters,
  group: string | null,
  label: string,
  active: (step: string) => boolean,
  report: Report,
): void {
  const simple = chosen({ parameters }, value, group === null ? null : { ref: group, group })
  if (typeof simple !== 'string') return
  const reference = parseReference(simple)
  if (reference.kind !== 'named' || !desk.steps.has(reference.name) || active(reference.name)) return
  report(
    path,
    `${label} names ${simple}, but ${reference.name} is not in the plan.`,
    'Give both the same when, or choose by that parameter.',
  )
}

function countOf(desk: Desk, name: string, parameters: Parameters): number {
  const count = desk.document.groups[name]?.count ?? 0
  return typeof count === 'number' ? count : Number(parameters[count.param] ?? 1)
}

function expressionsOf(spec: {
  with?: Record<string, ValueExpression>
  using?: Record<string, ValueExpression>
}): ValueExpression[] {
  return [...Object.values(spec.with ?? {}), ...Object.values(spec.using ?? {})]
}
