// What does not fit the schema is refused with a JSON pointer to every place, and an unknown field is a mistake, not
// a wish we may ignore: a `delationProtection: true` that changes nothing would cost somebody a platform.

import { type FieldError, invalidFields, pointerToken } from './fields.ts'
import { nearest } from './nearest.ts'
import { z } from './schema.ts'
import { inWords } from './words.ts'

/** Parses or throws `invalid_request`; `where` heads the pointers (`/query`, `` for the body). */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown, where: 'body' | 'query'): z.output<T> {
  const parsed = schema.safeParse(value, { error: inWords })
  if (parsed.success) return parsed.data
  throw invalidFields(fieldErrors(schema, parsed.error.issues, where === 'query' ? '/query' : ''))
}

/** zod's issues as pointers and sentences. */
export function fieldErrors(schema: z.ZodType, issues: readonly z.core.$ZodIssue[], prefix: string): FieldError[] {
  return issues.flatMap((issue) => {
    const pointer = prefix + issue.path.map(pointerToken).join('')
    if (issue.code === 'unrecognized_keys') {
      // A schema that has more to say about a field than that it is unknown, says it.
      if (!issue.message.startsWith('Unrecognized key')) {
        return issue.keys.map((key) => ({ pointer: pointer + pointerToken(key), detail: issue.message }))
      }
      const known = keysAt(schema, issue.path)
      return issue.keys.map((key) => ({ pointer: pointer + pointerToken(key), detail: unknownField(key, known) }))
    }
    // A union says only "invalid input"; what its nearest member says is what helps.
    if (issue.code === 'invalid_union') {
      const inner = issue.errors.find((errors) => errors.some((error) => error.path.length > 0))
      if (inner) return fieldErrors(schema, inner, pointer)
      const each = new Set(issue.errors.flat().map((error) => error.message))
      return [{ pointer, detail: [...each].join(', or ') }]
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
