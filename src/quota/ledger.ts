// What a project may draw on, as numbers in memory, and the choice of where from. Pure, so that a quote and
// an admission cannot disagree.

import type { ProjectId, TicketId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import { type Amounts, amountText } from './keys.ts'

/** One share of one key, together with the ticket it is a share of. Amounts of null are unlimited. */
export interface Line {
  readonly ticket: TicketId
  readonly ticketName: string
  readonly key: string
  readonly shareAmount: number | null
  readonly ticketAmount: number | null
  shareUsed: number
  ticketUsed: number
}

/** Who asks and for how much. */
export interface Claim {
  /** e.g. `plt_../worker-1`, or the platform's id. */
  readonly holder: string
  readonly amounts: Amounts
}

/** What a holder has of one key, and where. */
export interface Held {
  readonly holder: string
  readonly ticket: TicketId
  readonly key: string
  readonly amount: number
}

/** A change of what a holder has; `before` and `after` are whole amounts. */
export interface Draw {
  readonly holder: string
  readonly line: Line
  readonly before: number
  readonly after: number
}

export interface Shortage {
  readonly key: string
  readonly wanted: number
  /** Of the ticket that has most left; 0 when no ticket of the project has the key. */
  readonly left: number
  readonly line: Line | null
}

/** Every share of the project in living tickets, oldest ticket first. */
export async function loadLines(db: Db, project: ProjectId): Promise<Line[]> {
  return [...(await selectLines.all(db, { project }))]
}

const selectLines = statement((db, { project }: { project: ProjectId }) =>
  db
    .selectFrom('shares')
    .innerJoin('ticket_limits', (join) =>
      join.onRef('ticket_limits.ticket_id', '=', 'shares.ticket_id').onRef('ticket_limits.key', '=', 'shares.key'),
    )
    .innerJoin('tickets', 'tickets.id', 'shares.ticket_id')
    .select([
      'shares.ticket_id as ticket',
      'tickets.name as ticketName',
      'shares.key as key',
      'shares.amount as shareAmount',
      'shares.used as shareUsed',
      'ticket_limits.amount as ticketAmount',
      'ticket_limits.used as ticketUsed',
    ])
    .where('shares.project_id', '=', project)
    .where('tickets.deleted_at', 'is', null)
    .orderBy('tickets.created_at')
    .orderBy('tickets.id')
    .orderBy('shares.key'),
)

/** What can still be drawn from a line; Infinity when nothing limits it. */
export function leftOf(line: Line): number {
  const share = line.shareAmount === null ? Number.POSITIVE_INFINITY : line.shareAmount - line.shareUsed
  const ticket = line.ticketAmount === null ? Number.POSITIVE_INFINITY : line.ticketAmount - line.ticketUsed
  return Math.max(0, Math.min(share, ticket))
}

/**
 * Decides from which ticket each holder draws, so that afterwards each holds exactly its amounts. A key that a
 * holder has already stays where it is; what is new of a key comes from one ticket, the oldest with enough.
 * Changes `lines` as it goes; they mean nothing after a shortage.
 */
export function draw(lines: readonly Line[], held: readonly Held[], claims: readonly Claim[]): Draw[] | Shortage[] {
  const draws: Draw[] = []
  const shortages: Shortage[] = []
  const heldBy = new Map(held.map((one) => [`${one.holder} ${one.key}`, one]))
  const keys = new Set([...claims.flatMap((claim) => Object.keys(claim.amounts)), ...held.map((one) => one.key)])
  for (const key of [...keys].sort()) {
    const fresh = claims.filter((claim) => !heldBy.has(`${claim.holder} ${key}`) && amountOf(claim, key) > 0)
    // Who gives back goes first, so that another of the same claims can have it.
    const changes = claims
      .flatMap((claim) => {
        const has = heldBy.get(`${claim.holder} ${key}`)
        return has ? [{ has, after: amountOf(claim, key), more: amountOf(claim, key) - has.amount }] : []
      })
      .sort((a, b) => a.more - b.more)
    for (const { has, after, more } of changes) {
      const line = lines.find((one) => one.ticket === has.ticket && one.key === key)
      if (!line) throw new Error(`${has.holder} holds ${key} of ${has.ticket}, in which its project has no share`)
      if (more > leftOf(line)) shortages.push({ key, wanted: more, left: leftOf(line), line })
      else draws.push(take(line, has.holder, has.amount, after))
    }
    if (fresh.length === 0) continue
    const wanted = fresh.reduce((sum, claim) => sum + amountOf(claim, key), 0)
    const offers = lines.filter((line) => line.key === key)
    const enough = offers.find((line) => leftOf(line) >= wanted)
    if (enough) for (const claim of fresh) draws.push(take(enough, claim.holder, 0, amountOf(claim, key)))
    else {
      const line = offers.toSorted((a, b) => leftOf(b) - leftOf(a))[0] ?? null
      shortages.push({ key, wanted, left: line ? leftOf(line) : 0, line })
    }
  }
  return shortages.length > 0 ? shortages : draws
}

export function isShort(result: Draw[] | Shortage[]): result is Shortage[] {
  const first = result[0]
  return first !== undefined && 'left' in first
}

/** The refusal as the person who asked reads it: the first shortage as facts, all of them in words. */
export function quotaExceeded(shortages: readonly Shortage[]): ProblemError {
  const [first] = shortages
  return new ProblemError({
    code: 'quota_exceeded',
    detail: shortages.map(words).join(' '),
    facts: {
      key: first?.key,
      wanted: first?.wanted,
      left: first?.left,
      ticket: first?.line?.ticket ?? null,
      ticketName: first?.line?.ticketName ?? null,
    },
    next: 'Ask a tenant-admin for a larger share, or ask for less.',
  })
}

function words({ key, wanted, left, line }: Shortage): string {
  if (!line) return `${key}: ${amountText(key, wanted)} wanted, but no ticket of this project grants ${key}.`
  return `${key}: ${amountText(key, wanted)} wanted, ${amountText(key, left)} left in ticket ${line.ticketName}.`
}

function take(line: Line, holder: string, before: number, after: number): Draw {
  line.shareUsed += after - before
  line.ticketUsed += after - before
  return { holder, line, before, after }
}

function amountOf(claim: Claim, key: string): number {
  const amount = claim.amounts[key] ?? 0
  if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`${key} of ${claim.holder} is ${amount}`)
  return amount
}
