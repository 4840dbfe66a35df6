// A page goes on from the last row it showed, not from an offset: page 10,000 costs what page 1 costs, and rows that
// come or go meanwhile neither repeat nor hide others. The cursor is opaque so that its content may change.

import { invalidFields } from './fields.ts'
import { z } from './schema.ts'

export const pageQuery = {
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(500))
    .default(100)
    .openapi({ type: 'integer', minimum: 1, maximum: 500, default: 100, description: 'Rows of a page, at most.' }),
  cursor: z.string().max(1000).optional().openapi({ description: '`next` of the page before.' }),
}

/** The opaque form of where a page ended. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** The position again, or undefined without a cursor; `invalid_request` when it is not one of this list's. */
export function decodeCursor<T>(cursor: string | undefined, position: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined
  const parsed = position.safeParse(json(Buffer.from(cursor, 'base64url').toString()))
  if (parsed.success) return parsed.data
  throw invalidFields(
    [{ pointer: '/query/cursor', detail: 'not a cursor of this list in this order' }],
    'Start again without cursor.',
  )
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
