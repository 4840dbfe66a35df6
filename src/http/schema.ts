// The one `z` of everything that crosses HTTP, and the scalars that look the same in every resource. Importing it from
// here and not from zod matters: @hono/zod-openapi adds `.openapi()` when loaded, so a schema built earlier has none.

import { z } from '@hono/zod-openapi'
import { type Id, type IdKind, idPattern } from '../kernel/ids.ts'

export { z }

/** An id of this kind, e.g. `plt_01k...`: text that fits the pattern is what the brand stands for. */
export function id<K extends IdKind>(kind: K): z.ZodType<Id<K>, string> {
  const schema = z
    .string()
    .regex(new RegExp(idPattern(kind)), `must be an id like ${idExample(kind)}`)
    .openapi({ example: idExample(kind) })
  return schema as unknown as z.ZodType<Id<K>, string>
}

/** A DNS-1123 label. */
export const Name = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
    'must be a DNS label: 1 to 63 lower case letters, digits and inner hyphens',
  )
  .openapi({ example: 'team-a', minLength: 1, maxLength: 63 })

/** RFC 3339 in UTC. */
export const Instant = z.iso.datetime().openapi({ example: '2026-11-22T10:44:02.120Z' })

/** Labels: at most 64, keys and values of at most 63 characters. */
export const Labels = z
  .record(
    z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/, 'must be a label key'),
    z.string().max(63),
  )
  .refine((labels) => Object.keys(labels).length <= 64, 'at most 64 labels')
  .openapi({ example: { team: 'a' }, description: 'At most 64 labels; keys and values of at most 63 characters.' })

export const Bytes = z.int().min(0).openapi({ format: 'int64', description: 'Bytes.', example: 4294967296 })

/** Any JSON value; what arrives was parsed as JSON, and what leaves is written as it, so there is nothing to check. */
export const JsonValue: z.ZodType<JsonData> = z.any().openapi({ description: 'Any JSON value.' })
export type JsonData = null | boolean | number | string | JsonData[] | { [key: string]: JsonData }

export const JsonObject = z.record(z.string(), JsonValue)

/** A problem that an object has: what a step is blocked by, what a task ended with. */
export const ProblemFacts = z
  .object({
    code: z.string().openapi({ description: 'A code of the closed list at /problems.', example: 'script_failed' }),
    detail: z.string(),
    facts: z.record(z.string(), JsonValue).optional(),
    next: z.string().optional().openapi({ description: 'What to do next.' }),
  })
  .openapi('ProblemFacts')

/**
 * This or null. Not `.nullable()`: on a schema with a component name that would make the component itself nullable,
 * and every other use of it too.
 */
export function orNull<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.null()])
}

/** A page of a list: `next` is the cursor of the following page, null at the end. */
export function pageOf<T extends z.ZodType>(name: string, item: T) {
  return z
    .object({
      items: z.array(item),
      next: z
        .string()
        .nullable()
        .openapi({ description: 'Give it as `cursor` to get the next page; null at the end.' }),
    })
    .openapi(name)
}

/** Instant columns are ms since 1970; the API speaks RFC 3339. */
export function instant(ms: number): string
export function instant(ms: number | null): string | null
export function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString()
}

function idExample(kind: IdKind): string {
  const prefix = idPattern(kind).slice(1, 4)
  return `${prefix}_01k9hnvdc7f3a8w6q2x4y5z0tb`
}
