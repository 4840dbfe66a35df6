// What does not fit the schema is refused with a JSON pointer to every place, and an unknown field is a mistake, not
// a wish we may ignore: a `delationProtection: true` that changes nothing would cost somebody a platform.

import { ProblemError } from '../kernel/problem.ts'
import { nearest } from './nearest.ts'
import { z } from './schema.ts'

interface FieldError {
  readonly pointer: string
  readonly detail: string
}

/** Parses or throws `invalid_request`; `where` heads the pointers (`/query`, `` for the body). */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown, where: 'body' | 'query'): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const errors = fieldErrors(schema, parsed.error.issues, where === 'query' ? '/query' : '')
  const first = errors[0]
  throw new ProblemError({
    code: 'invalid_request',
    detail: first
      ? `${first.pointer === '' ? 'The body' : first.pointer}: ${first.detail}${errors.length > 1 ? `, and ${errors.length - 1} more` : ''}.`
      : 'The request does not fit its schema.',
    next: 'Correct the fields named in errors; nothing was changed.',
    errors,
  })
}

/** zod's issues as pointers and sentences. */
export function fieldErrors(schema: z.ZodType, issues: readonly z.core.$ZodIssue[], prefix: string): FieldError[] {
  return issues.flatMap((issue) => {
    const pointer = prefix + issue.path.map(token).join('')
    if (issue.code === 'unrecognized_keys') {
      // A schema that has more to say about a field than that it is unknown, says it.
      if (!issue.message.startsWith('Unrecognized key')) return [{ pointer, detail: issue.message }]
      const known = keysAt(schema, issue.path)
      return issue.keys.map((key) => ({ pointer: pointer + token(key), detail: unknownField(key, known) }))
    }
    // A union says only "invalid input"; what its nearest member says is what helps.
    if (issue.code === 'invalid_union') {
      const inner = issue.errors.find((errors) => errors.some((error) => error.path.length > 0))
      if (inner) return fieldErrors(schema, inner, pointer)
    }
    if (issue.code === 'invalid_key') {
      const why = issue.issues.map((inner) => inner.message).join(', ')
      return [{ pointer, detail: why === '' ? issue.message : why }]
    }
    return [{ pointer, detail: issue.message }]
  })
}

function unknownField(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  if (near !== undefined) return `unknown field, did you mean ${near}?`
  return known.length === 0 ? 'unknown field' : `unknown field; known are ${known.join(', ')}`
}

/** One token of a JSON pointer (RFC 6901). */
function token(part: PropertyKey): string {
  return `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/** The fields the schema knows at `path`; empty where it cannot tell. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here: unknown = schema
  for (const part of path) {
    here = bare(here)
    if (here instanceof z.ZodObject) here = here.shape[String(part)]
    else if (here instanceof z.ZodRecord) here = here.valueType
    else if (here instanceof z.ZodArray) here = here.element
    else return []
  }
  here = bare(here)
  return here instanceof z.ZodObject ? Object.keys(here.shape) : []
}

function bare(schema: unknown): unknown {
  let here = schema
  while (here instanceof z.ZodOptional || here instanceof z.ZodDefault || here instanceof z.ZodNullable) {
    here = here.unwrap()
  }
  return here
}
