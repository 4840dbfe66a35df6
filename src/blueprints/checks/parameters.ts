import { type Condition, comparisonsOf } from '../language/condition.ts'
import type { ParameterSpec, Scalar } from '../language/parameter.ts'
import { parameterFault } from '../parameters.ts'
import type { Path } from '../source.ts'
import { suggest } from '../suggest.ts'
import type { Desk } from './desk.ts'

// Parameters that contradict themselves, that do not exist, that have the wrong type where they are used, or that
// nothing uses.

/** Answers the names that are used; those in `elsewhere` are used by others. */
export function checkParameters(desk: Desk, elsewhere: ReadonlySet<string>): ReadonlySet<string> {
  for (const [name, spec] of Object.entries(desk.document.parameters ?? {})) checkSpec(desk, name, spec)
  const used = new Set<string>()
  checkGroups(desk, used)
  for (const step of desk.steps.values()) checkCondition(desk, ['steps', step.name, 'when'], step.spec.when, used)
  for (const [name, output] of Object.entries(desk.document.outputs ?? {})) {
    checkCondition(desk, ['outputs', name, 'when'], output.when, used)
    checkValue(desk, ['outputs', name, 'from'], output.from, used)
  }
  for (const { path, spec } of desk.scripts) {
    for (const part of ['with', 'using'] as const) {
      for (const [name, value] of Object.entries(spec[part] ?? {})) checkValue(desk, [...path, part, name], value, used)
    }
  }
  for (const name of Object.keys(desk.document.parameters ?? {})) {
    if (used.has(name) || elsewhere.has(name)) continue
    desk.report(
      ['parameters', name],
      `Nothing uses the parameter ${name}.`,
      `Use it as { param: ${name} }, or take it away.`,
      'key',
    )
  }
  return used
}

function checkSpec(desk: Desk, name: string, spec: ParameterSpec): void {
  const path = ['parameters', name]
  if (spec.type === 'string' && spec.pattern !== undefined && !isPattern(spec.pattern)) {
    desk.report(
      [...path, 'pattern'],
      `${spec.pattern} is no regular expression.`,
      'Write one of JavaScript, such as ^[a-z]+$.',
    )
    return
  }
  if (
    spec.type === 'integer' &&
    spec.minimum !== undefined &&
    spec.maximum !== undefined &&
    spec.minimum > spec.maximum
  ) {
    desk.report([...path, 'minimum'], 'minimum is more than maximum.', 'Swap them.')
    return
  }
  if (spec.type === 'integer' || spec.type === 'string') {
    for (const [index, value] of (spec.enum ?? []).entries()) {
      const fault = parameterFault(spec, value)
      if (fault !== null) desk.report([...path, 'enum', index], `${fault}.`, 'Take it away, or mend what it breaks.')
    }
  }
  if (spec.default === undefined) return
  const fault = parameterFault(spec, spec.default)
  if (fault !== null)
    desk.report(
      [...path, 'default'],
      `The default is not allowed: ${fault}.`,
      'Choose a default that its own rules allow.',
    )
}

function checkGroups(desk: Desk, used: Set<string>): void {
  for (const [name, group] of Object.entries(desk.document.groups)) {
    const path = ['groups', name]
    if (typeof group.count === 'object') {
      const spec = parameter(desk, [...path, 'count'], group.count.param, used)
      if (spec !== null) checkCount(desk, [...path, 'count'], group.count.param, spec)
    }
    for (const part of ['flavor', 'image'] as const) {
      const value = group[part]
      const spec = typeof value === 'object' ? parameter(desk, [...path, part], value.param, used) : null
      if (spec !== null && spec.type !== part)
        desk.report(
          [...path, part],
          `A ${part} needs a parameter of type ${part}, not ${spec.type}.`,
          `Write type: ${part} there.`,
        )
    }
    for (const part of ['host', 'zone'] as const) {
      const rule = group.spread?.[part]
      const spec = typeof rule === 'object' ? parameter(desk, [...path, 'spread', part], rule.param, used) : null
      const words = spec?.type === 'string' ? (spec.enum ?? ['?']) : ['?']
      if (spec !== null && !words.every((word) => word === 'must' || word === 'should')) {
        desk.report(
          [...path, 'spread', part],
          'A spread needs a parameter of type string with enum [must, should].',
          'Write type: string and enum: [must, should] there.',
        )
      }
    }
  }
}

function checkCount(desk: Desk, path: Path, name: string, spec: ParameterSpec): void {
  if (spec.type !== 'integer') {
    desk.report(path, `A count needs a parameter of type integer, not ${spec.type}.`, 'Write type: integer there.')
    return
  }
  const least = spec.enum === undefined ? spec.minimum : Math.min(...spec.enum)
  const most = spec.enum === undefined ? spec.maximum : Math.max(...spec.enum)
  const hint = `Give ${name} a minimum of 0 or more and a maximum, so that the largest platform is known.`
  if (least === undefined || least < 0) desk.report(path, `${name} could be negative.`, hint)
  else if (most === undefined || most > 10_000) desk.report(path, `${name} has no bound, or one above 10000.`, hint)
}

function checkCondition(desk: Desk, path: Path, condition: Condition | undefined, used: Set<string>): void {
  for (const { operator, parameter: name, constants, path: below } of comparisonsOf(condition)) {
    const at = [...path, ...below]
    const spec = parameter(desk, at, name, used, 'key')
    if (spec === null) continue
    if (operator === 'gt') {
      if (spec.type !== 'integer')
        desk.report(at, `gt compares integers, and ${name} is of type ${spec.type}.`, 'Compare it with eq or in.')
      continue
    }
    for (const constant of constants) {
      const fault = parameterFault(spec, constant)
      if (fault !== null)
        desk.report(
          at,
          `${name} is never ${JSON.stringify(constant)}: ${fault}.`,
          'Compare it with a value that it can have.',
        )
    }
  }
}

function checkValue(desk: Desk, path: Path, value: unknown, used: Set<string>): void {
  if (typeof value !== 'object' || value === null) return
  if ('param' in value && typeof value.param === 'string') parameter(desk, path, value.param, used)
  if (!('choose' in value) || typeof value.choose !== 'object' || value.choose === null) return
  const table = value.choose
  if ('by' in table && typeof table.by === 'object' && table.by !== null && 'param' in table.by) {
    const name = String(table.by.param)
    const spec = parameter(desk, [...path, 'choose', 'by'], name, used)
    if (spec !== null && 'cases' in table)
      checkCases(desk, [...path, 'choose'], name, spec, Object.keys(table.cases ?? {}), 'otherwise' in table)
  }
  if ('cases' in table) {
    for (const [name, inner] of Object.entries(table.cases ?? {}))
      checkValue(desk, [...path, 'choose', 'cases', name], inner, used)
  }
  if ('otherwise' in table) checkValue(desk, [...path, 'choose', 'otherwise'], table.otherwise, used)
}

/** A table over a parameter has a case for each of its values, and no other. */
function checkCases(
  desk: Desk,
  path: Path,
  name: string,
  spec: ParameterSpec,
  cases: string[],
  otherwise: boolean,
): void {
  const values = valuesOf(spec)?.map(String)
  for (const word of cases) {
    if (values === undefined || values.includes(word)) continue
    desk.report([...path, 'cases', word], `${name} is never ${word}.`, suggest(word, values.map(String)), 'key')
  }
  if (otherwise) return
  const missing = values === undefined ? ['all other values'] : values.filter((value) => !cases.includes(value))
  if (missing.length > 0)
    desk.report(path, `There is no case for ${missing.join(', ')}.`, 'Add the cases, or otherwise.')
}

function valuesOf(spec: ParameterSpec): readonly Scalar[] | undefined {
  if (spec.type === 'boolean') return [true, false]
  return spec.type === 'integer' || spec.type === 'string' ? spec.enum : undefined
}

function parameter(
  desk: Desk,
  path: Path,
  name: string,
  used: Set<string>,
  at?: 'value' | 'key',
): ParameterSpec | null {
  used.add(name)
  const all = desk.document.parameters ?? {}
  const spec = Object.hasOwn(all, name) ? all[name] : undefined
  if (spec !== undefined) return spec
  desk.report(path, `There is no parameter ${name}.`, suggest(name, Object.keys(all)), at)
  return null
}

function isPattern(text: string): boolean {
  try {
    new RegExp(`^(?:${text})$`, 'u')
    return true
  } catch {
    return false
  }
}
