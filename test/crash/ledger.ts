// The database of a running installation, read past its servers: they must not be asked about what they may have
// done wrong.

import Database from 'better-sqlite3'
import { z } from 'zod'
import { ownerSchema } from '../../src/engine/owner.ts'

/** One moment of a run: under which fence who held it. */
export interface Hold {
  readonly platform: string
  /** The platform's. */
  readonly state: string
  readonly fence: number
  readonly pid: number
  /** ms since 1970. */
  readonly leaseUntil: number
  readonly seenAt: number
}

export interface Ledger extends Disposable {
  /** Who holds which run now. */
  holds(): Hold[]
  /** All that a run may write about these platforms. */
  everything(platforms: readonly string[]): Record<string, readonly unknown[]>
  /** Attempts of these platforms in the order in which they were recorded. */
  attempts(platforms: readonly string[]): z.output<typeof attemptRow>[]
}

const of = 'platform_id in (select value from json_each(?))'

/** Tables in which a run writes, and which of their rows are a platform's. */
const written = {
  platforms: 'id in (select value from json_each(?))',
  members: of,
  machines: of,
  runs: of,
  records: of,
  attempts: of,
  logs: `attempt_id in (select id from attempts where ${of})`,
  decisions: of,
  problems: of,
  reservations: of,
  tasks: of,
  operations: of,
  events: of,
  receipts: of,
  receipt_objects: of,
}

const holdRow = z.object({
  platform_id: z.string(),
  state: z.string(),
  fence: z.number(),
  owner: z.string(),
  lease_until: z.number(),
})
const attemptRow = z.object({
  id: z.string(),
  platform_id: z.string(),
  step_key: z.string(),
  executor: z.string().nullable(),
  fence: z.number(),
  outcome: z.string().nullable(),
})

/** Opens the file read-only; its servers go on. */
export function openLedger(path: string): Ledger {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 10_000 })
  const held = database.prepare(
    'select runs.*, state from runs join platforms on id = platform_id where owner is not null',
  )
  return {
    holds() {
      const rows = held.all()
      const seenAt = Date.now()
      return rows.map((row) => {
        const { platform_id, state, fence, owner, lease_until } = holdRow.parse(row)
        const { pid } = ownerSchema.parse(JSON.parse(owner))
        return { platform: platform_id, state, fence, pid, leaseUntil: lease_until, seenAt }
      })
    },
    everything: (platforms) =>
      Object.fromEntries(
        Object.entries(written).map(([table, where]) => {
          const rows = database.prepare(`select * from ${table} where ${where}`)
          return [table, rows.all(JSON.stringify(platforms))]
        }),
      ),
    attempts(platforms) {
      const rows = database.prepare(`select * from attempts where ${of} order by started_at, id`)
      return rows.all(JSON.stringify(platforms)).map((row) => attemptRow.parse(row))
    },
    [Symbol.dispose]: () => database.close(),
  }
}
