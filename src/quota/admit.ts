// All or nothing: a platform that cannot have everything takes nothing, and the counters of tickets and
// shares change in the transaction that keeps who holds what.

import { z } from 'zod'
import type { PlatformId, ProjectId, TicketId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { ReservationTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db, Tx } from '../store/store.ts'
import type { Amounts } from './keys.ts'
import { type Claim, type Draw, draw, type Held, isShort, leftOf, loadLines, quotaExceeded } from './ledger.ts'

export interface Admission {
  readonly project: ProjectId
  /** Whose life these holders belong to; null for none. */
  readonly platform: PlatformId | null
  readonly claims: readonly Claim[]
}

export interface QuotaLine {
  readonly key: string
  readonly wanted: number
  /** Before this admission, in the ticket it would come from; null: unlimited. */
  readonly left: number | null
  readonly ticket: TicketId
  readonly ticketName: string
}

const amountsSchema = z.record(z.string(), z.number().int().nonnegative())

/**
 * Makes every holder hold exactly its amounts: new holders draw, those that held already draw or give back the
 * difference. Throws 'quota_exceeded' naming key, wanted, left and ticket, having written nothing.
 */
export async function admit(tx: Tx, seams: Seams, admission: Admission): Promise<void> {
  const draws = await decide(tx, admission)
  await writeCounters(tx, admission.project, draws)
  const holders = admission.claims.map((claim) => claim.holder)
  const perReservation = Map.groupBy(
    draws.filter((one) => one.after > 0),
    (one) => JSON.stringify([one.holder, one.line.ticket]),
  )
  await forEachChunk(holders, (chunk) => tx.deleteFrom('reservations').where('holder', 'in', chunk).execute())
  const rows = [...perReservation.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    return {
      holder: first.holder,
      platform_id: admission.platform,
      project_id: admission.project,
      ticket_id: first.line.ticket,
      amounts: JSON.stringify(Object.fromEntries(group.map((one) => [one.line.key, one.after]))),
      created_at: seams.clock.now(),
    }
  })
  await forEachChunk(rows, (chunk) => tx.insertInto('reservations').values(chunk).execute())
}

/** What `admit` would draw, key by key, without writing. Throws the same 'quota_exceeded'. */
export async function quoteQuota(db: Db, admission: Admission): Promise<QuotaLine[]> {
  const before = new Map((await loadLines(db, admission.project)).map((line) => [`${line.ticket} ${line.key}`, line]))
  const perLine = Map.groupBy(await decide(db, admission), (one) => `${one.line.ticket} ${one.line.key}`)
  return [...perLine].flatMap(([name, draws]) => {
    const line = before.get(name)
    if (!line) return []
    const left = leftOf(line)
    const wanted = draws.reduce((sum, one) => sum + one.after - one.before, 0)
    const { key, ticket, ticketName } = line
    return { key, wanted, left: Number.isFinite(left) ? left : null, ticket, ticketName }
  })
}

/** Gives back all that a holder holds; nothing held is no error. Answers what was given back. */
export async function release(tx: Tx, holder: string): Promise<Amounts> {
  return giveBack(tx, await tx.deleteFrom('reservations').where('holder', '=', holder).returningAll().execute())
}

/** Gives back all that is held for a platform, by whatever holder. */
export async function releasePlatform(tx: Tx, platform: PlatformId): Promise<Amounts> {
  return giveBack(tx, await tx.deleteFrom('reservations').where('platform_id', '=', platform).returningAll().execute())
}

async function giveBack(tx: Tx, rows: readonly ReservationTable[]): Promise<Amounts> {
  const freed: Record<string, number> = {}
  for (const row of rows) {
    for (const [key, amount] of Object.entries(parseAmounts(row.amounts))) {
      await addUsed(tx, row.project_id, row.ticket_id, key, -amount)
      freed[key] = (freed[key] ?? 0) + amount
    }
  }
  return freed
}

async function decide(db: Db, admission: Admission): Promise<Draw[]> {
  const lines = await loadLines(db, admission.project)
  const held = await loadHeld(db, admission.claims)
  const result = draw(lines, held, admission.claims)
  if (isShort(result)) throw quotaExceeded(result)
  return result
}

async function loadHeld(db: Db, claims: readonly Claim[]): Promise<Held[]> {
  const held: Held[] = []
  await forEachChunk(claims, async (chunk) => {
    const holders = chunk.map((claim) => claim.holder)
    const rows = await db.selectFrom('reservations').selectAll().where('holder', 'in', holders).execute()
    for (const row of rows) {
      for (const [key, amount] of Object.entries(parseAmounts(row.amounts))) {
        held.push({ holder: row.holder, ticket: row.ticket_id, key, amount })
      }
    }
  })
  return held
}

async function writeCounters(tx: Tx, project: ProjectId, draws: readonly Draw[]): Promise<void> {
  for (const group of Map.groupBy(draws, (one) => one.line).values()) {
    const [first] = group
    const delta = group.reduce((sum, one) => sum + one.after - one.before, 0)
    if (first && delta !== 0) await addUsed(tx, project, first.line.ticket, first.line.key, delta)
  }
}

async function addUsed(tx: Tx, project: ProjectId, ticket: TicketId, key: string, delta: number): Promise<void> {
  await updateLimit.run(tx, { ticket, key, delta })
  await updateShare.run(tx, { project, ticket, key, delta })
}

const updateLimit = statement((db, { ticket, key, delta }: { ticket: TicketId; key: string; delta: number }) =>
  db
    .updateTable('ticket_limits')
    .set((set) => ({ used: set('used', '+', delta) }))
    .where('ticket_id', '=', ticket)
    .where('key', '=', key),
)
const updateShare = statement(
  (db, { project, ticket, key, delta }: { project: ProjectId; ticket: TicketId; key: string; delta: number }) =>
    db
      .updateTable('shares')
      .set((set) => ({ used: set('used', '+', delta) }))
      .where('project_id', '=', project)
      .where('ticket_id', '=', ticket)
      .where('key', '=', key),
)

// A statement takes a bounded number of parameters, and few different texts keep prepared statements few.
async function forEachChunk<T>(items: readonly T[], work: (chunk: T[]) => Promise<unknown>): Promise<void> {
  const size = 100
  for (let from = 0; from < items.length; from += size) await work(items.slice(from, from + size))
}

function parseAmounts(text: string): Amounts {
  return amountsSchema.parse(JSON.parse(text))
}
