import type { Json } from '../kernel/canonical.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Blueprint } from './document.ts'
import type { ParameterSpec, Scalar } from './language/parameter.ts'
import { pointerOf } from './source.ts'
import { didYouMean } from './suggest.ts'

type Errors = { pointer: string; detail: string }[]

/**
 * The parameters of a platform: what was given, checked, and defaults for the rest.
 * Throws ProblemError `unknown_parameter` or `invalid_parameter`, with a JSON pointer (`/parameters/workers`) for each.
 */
export function resolveParameters(
  blueprint: Blueprint,
  given: Readonly<Record<string, unknown>>,
): Record<string, Scalar> {
  return parametersFor(nameOf(blueprint), blueprint.document.parameters ?? {}, given)
}

/** The same for any set of parameters; `title` is who has them, as messages call it. */
export function parametersFor(
  title: string,
  specs: Readonly<Record<string, ParameterSpec>>,
  given: Readonly<Record<string, unknown>>,
): Record<string, Scalar> {
  const unknown: Errors = []
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(specs, name)) continue
    const hint = didYouMean(name, Object.keys(specs)) ?? `It has ${Object.keys(specs).join(', ') || 'none'}.`
    unknown.push({
      pointer: pointerOf(['parameters', name]),
      detail: `${title} has no parameter ${name}. ${hint}`,
    })
  }
  if (unknown.length > 0) throw refusal('unknown_parameter', unknown)

  const resolved: Record<string, Scalar> = {}
  const wrong: Errors = []
  for (const [name, spec] of Object.entries(specs)) {
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? spec.default
    const fault = value === undefined ? 'it has no default and must be given' : parameterFault(spec, value)
    if (fault !== null) wrong.push({ pointer: pointerOf(['parameters', name]), detail: `${name}: ${fault}.` })
    else if (isScalar(value)) resolved[name] = value
  }
  if (wrong.length > 0) throw refusal('invalid_parameter', wrong)
  return resolved
}

/** Why the value cannot be this parameter's, or null. */
export function parameterFault(spec: ParameterSpec, value: unknown): string | null {
  const text = JSON.stringify(value)
  switch (spec.type) {
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return `${text} is no whole number`
      if (spec.enum !== undefined && !spec.enum.includes(value)) return `${text} is none of ${spec.enum.join(', ')}`
      if (spec.minimum !== undefined && value < spec.minimum) return `${text} is less than ${spec.minimum}`
      return spec.maximum !== undefined && value > spec.maximum ? `${text} is more than ${spec.maximum}` : null
    case 'boolean':
      return typeof value === 'boolean' ? null : `${text} is neither true nor false`
    case 'string':
      if (typeof value !== 'string') return `${text} is no text`
      if (value.includes('\0')) return 'it holds a NUL character'
      if (spec.enum !== undefined && !spec.enum.includes(value)) return `${text} is none of ${spec.enum.join(', ')}`
      if (value.length > (spec.maxLength ?? 4096)) return `it is longer than ${spec.maxLength ?? 4096} characters`
      if (spec.pattern === undefined || new RegExp(`^(?:${spec.pattern})$`, 'u').test(value)) return null
      return `${text} does not match ${spec.pattern}`
    case 'flavor':
    case 'image':
      return typeof value === 'string' && value !== '' ? null : `${text} is no name of a ${spec.type}`
  }
}

/** JSON Schema (2020-12) of the parameters, for forms and for the API's documentation. */
export function parameterJsonSchema(blueprint: Blueprint): Json {
  return schemaFor(nameOf(blueprint), blueprint.document.parameters ?? {})
}

/** The same for the parameters of one of its operations. */
export function operationJsonSchema(blueprint: Blueprint, operation: string): Json {
  const specs = blueprint.document.operations?.[operation]?.parameters ?? {}
  return schemaFor(`${operation} of ${nameOf(blueprint)}`, specs)
}

function schemaFor(title: string, specs: Readonly<Record<string, ParameterSpec>>): Json {
  const properties: Record<string, Json> = {}
  const required: string[] = []
  for (const [name, spec] of Object.entries(specs)) {
    properties[name] = schemaOf(spec)
    if (spec.default === undefined) required.push(name)
  }
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    title: `Parameters of ${title}`,
    properties,
    required,
    additionalProperties: false,
  }
}

function schemaOf(spec: ParameterSpec): Json {
  const { type, ...rest } = spec
  if (type === 'integer' || type === 'boolean') return { type, ...rest }
  if (spec.type === 'string' && spec.pattern !== undefined) return { type, ...rest, pattern: `^(?:${spec.pattern})$` }
  return type === 'string' ? { type, ...rest } : { type: 'string', minLength: 1, 'x-gantry-type': type, ...rest }
}

function nameOf(blueprint: Blueprint): string {
  return `${blueprint.document.name} ${blueprint.document.version}`
}

function isScalar(value: unknown): value is Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function refusal(code: 'unknown_parameter' | 'invalid_parameter', errors: Errors): ProblemError {
  return new ProblemError({
    code,
    detail: errors.map((error) => error.detail).join(' '),
    next: 'Correct the parameters; GET /v1/blueprints/{id} lists them with their types.',
    errors,
  })
}
