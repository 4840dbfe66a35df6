import { z } from 'zod'
import type { Scalar } from './parameter.ts'
import { parameterName } from './primitives.ts'

// Conditions look at parameters only: what is in a plan follows from what was asked for, never from the weather.

const scalar = z.union([z.string(), z.int(), z.boolean()])

export type Condition =
  | { eq: Record<string, Scalar> }
  | { in: Record<string, Scalar[]> }
  | { gt: Record<string, number> }
  | { and: Condition[] }
  | { or: Condition[] }
  | { not: Condition }

export const conditionSchema: z.ZodType<Condition> = z
  .lazy(() =>
    z.union([
      z.strictObject({ eq: z.record(parameterName, scalar) }),
      z.strictObject({ in: z.record(parameterName, z.array(scalar).min(1)) }),
      z.strictObject({ gt: z.record(parameterName, z.int()) }),
      z.strictObject({ and: z.array(conditionSchema).min(1) }),
      z.strictObject({ or: z.array(conditionSchema).min(1) }),
      z.strictObject({ not: conditionSchema }),
    ]),
  )
  .meta({
    id: 'Condition',
    description: 'eq, in and gt compare parameters (all that are listed); and, or, not combine.',
  })

/** Whether the condition holds; an absent one does. */
export function holds(condition: Condition | undefined, parameters: Readonly<Record<string, unknown>>): boolean {
  if (condition === undefined) return true
  if ('eq' in condition) return Object.entries(condition.eq).every(([name, value]) => parameters[name] === value)
  if ('in' in condition)
    return Object.entries(condition.in).every(([name, values]) => values.some((value) => parameters[name] === value))
  if ('gt' in condition) return Object.entries(condition.gt).every(([name, value]) => Number(parameters[name]) > value)
  if ('and' in condition) return condition.and.every((part) => holds(part, parameters))
  if ('or' in condition) return condition.or.some((part) => holds(part, parameters))
  return !holds(condition.not, parameters)
}

export interface Comparison {
  readonly operator: 'eq' | 'in' | 'gt'
  readonly parameter: string
  readonly constants: readonly Scalar[]
  /** Where it stands below the condition. */
  readonly path: readonly (string | number)[]
}

/** Every comparison inside a condition. */
export function comparisonsOf(condition: Condition | undefined): Comparison[] {
  if (condition === undefined) return []
  if ('and' in condition) return condition.and.flatMap((part, i) => below(['and', i], part))
  if ('or' in condition) return condition.or.flatMap((part, i) => below(['or', i], part))
  if ('not' in condition) return below(['not'], condition.not)
  if ('in' in condition) return list('in', condition.in)
  return 'eq' in condition ? list('eq', condition.eq) : list('gt', condition.gt)
}

function below(path: (string | number)[], condition: Condition): Comparison[] {
  return comparisonsOf(condition).map((found) => ({ ...found, path: [...path, ...found.path] }))
}

function list(operator: Comparison['operator'], record: Record<string, Scalar | Scalar[]>): Comparison[] {
  return Object.entries(record).map(([parameter, value]) => ({
    operator,
    parameter,
    constants: Array.isArray(value) ? value : [value],
    path: [operator, parameter],
  }))
}
