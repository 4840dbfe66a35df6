// Every list of named things is asked alike: filters, an order, a page. One place makes the SQL of it, so that cursors
// cannot mean different things in different slices.

import { type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import { decodeCursor, encodeCursor, pageQuery } from '../http/cursor.ts'
import { invalidFields } from '../http/fields.ts'
import { id, z } from '../http/schema.ts'

export const listQuery = {
  ...pageQuery,
  name: z.string().max(63).optional().openapi({ description: 'Only the one of this name.' }),
  label: z
    .string()
    .max(1000)
    .optional()
    .openapi({ description: 'Only those with these labels: `team=a,env=prod`.', example: 'team=a' }),
  sort: z
    .enum(['createdAt', '-createdAt', 'name', '-name'])
    .default('createdAt')
    .openapi({ description: 'A leading minus turns the order around.' }),
}

export interface ListRequest {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly name?: string | undefined
  readonly label?: string | undefined
  readonly sort: 'createdAt' | '-createdAt' | 'name' | '-name'
}

/** Tables that are listed so, and what their ids are of. */
const kinds = {
  tenants: 'tenant',
  projects: 'project',
  tickets: 'ticket',
  platforms: 'platform',
  providers: 'provider',
} as const

interface Row {
  readonly id: string
  readonly name: string
}

/** Filters, orders and cuts the query; `table` has columns id, name and labels. One row more is asked for than shown. */
export function page<DB, TB extends keyof DB, O>(
  query: SelectQueryBuilder<DB, TB, O>,
  table: keyof typeof kinds,
  request: ListRequest,
): SelectQueryBuilder<DB, TB, O> {
  const rowId = sql.ref(`${table}.id`)
  const name = sql.ref(`${table}.name`)
  const labels = sql.ref(`${table}.labels`)
  const falling = request.sort.startsWith('-')
  const byName = request.sort.endsWith('name')
  const direction = falling ? sql`desc` : sql`asc`
  let result = query
  if (request.name !== undefined) result = result.where(sql<SqlBool>`${name} = ${request.name}`)
  for (const pair of labelPairs(request.label)) {
    // Labels are JSON text without spaces, in which an unescaped quote only ever ends a string.
    result = result.where(sql<SqlBool>`replace(${labels}, ${pair}, '') <> ${labels}`)
  }
  if (request.cursor !== undefined) {
    const after = falling ? sql`<` : sql`>`
    // A cursor belongs to one list in one order: in another, the same place would mean other rows.
    const position = z.tuple([z.literal(request.sort), id(kinds[table]), z.string()])
    const [, lastId, lastName] = decodeCursor(request.cursor, position) ?? []
    result = byName
      ? result.where(sql<SqlBool>`(${name}, ${rowId}) ${after} (${lastName}, ${lastId})`)
      : result.where(sql<SqlBool>`${rowId} ${after} ${lastId}`)
  }
  // Ids sort by time of birth.
  if (byName) result = result.orderBy(sql`${name} ${direction}`)
  return result.orderBy(sql`${rowId} ${direction}`).limit(request.limit + 1)
}

/** The page of rows that `page()` asked for. */
export function pageOfRows<R extends Row, V>(
  rows: readonly R[],
  request: ListRequest,
  view: (row: R) => V,
): { items: V[]; next: string | null } {
  const shown = rows.slice(0, request.limit)
  const last = rows.length > request.limit ? shown.at(-1) : undefined
  const next = last ? encodeCursor([request.sort, last.id, last.name]) : null
  return { items: shown.map(view), next }
}

function labelPairs(label: string | undefined): string[] {
  if (label === undefined) return []
  return label.split(',').map((pair) => {
    const [, key, value] = /^([^=]+)=(.*)$/.exec(pair) ?? []
    if (key === undefined || value === undefined) {
      throw invalidFields([{ pointer: '/query/label', detail: 'must be key=value, several separated by a comma' }])
    }
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`
  })
}
