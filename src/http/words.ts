// What is wrong with a field, in the words of a person who fills one in; a schema that has words of its own keeps them.

import type { z } from './schema.ts'

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
  null: 'null',
  undefined: 'nothing',
}

/** For `safeParse(value, { error: inWords })`; undefined leaves zod's own words. */
export function inWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is required'
      const expected = kinds[issue.expected] ?? issue.expected
      return `must be ${expected}, not ${kindOf(issue.input)}`
    }
    case 'too_small':
      if (issue.origin === 'string' || issue.origin === 'array') {
        if (Number(issue.minimum) === 1) return 'must not be empty'
        return `must have at least ${issue.minimum} ${issue.origin === 'string' ? 'characters' : 'items'}`
      }
      return issue.inclusive ? `must be ${issue.minimum} or more` : `must be more than ${issue.minimum}`
    case 'too_big':
      if (issue.origin === 'string' || issue.origin === 'array') {
        return `must have at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'items'}`
      }
      return issue.inclusive ? `must be ${issue.maximum} or less` : `must be less than ${issue.maximum}`
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    default:
      return undefined
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'number')
    return Number.isNaN(value) ? 'other text' : Number.isInteger(value) ? 'a number' : 'a fraction'
  return kinds[typeof value] ?? typeof value
}
