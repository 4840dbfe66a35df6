import type { PlatformId, ProjectId, TicketId } from '../kernel/ids.ts'
import type { Db } from '../store/store.ts'
import { leftOf, loadLines } from './ledger.ts'

// Answers to "how much, of what, by whom", for views and refusals. Null is unlimited everywhere.

export interface ProjectUse {
  readonly key: string
  readonly ticket: TicketId
  readonly ticketName: string
  readonly amount: number | null
  readonly used: number
  /** What can still be drawn: of the share and of its ticket, whichever is less. */
  readonly left: number | null
}

/** A project's shares, oldest ticket first, then by key. */
export async function usageOfProject(db: Db, project: ProjectId): Promise<ProjectUse[]> {
  const lines = await loadLines(db, project)
  return lines.map((line): ProjectUse => {
    const left = leftOf(line)
    return {
      key: line.key,
      ticket: line.ticket,
      ticketName: line.ticketName,
      amount: line.shareAmount,
      used: line.shareUsed,
      left: Number.isFinite(left) ? left : null,
    }
  })
}

export interface TicketUse {
  readonly key: string
  readonly amount: number | null
  readonly used: number
  readonly shares: readonly { readonly project: ProjectId; readonly amount: number | null; readonly used: number }[]
}

/** A ticket's limits by key, with the shares of each. */
export async function usageOfTicket(db: Db, ticket: TicketId): Promise<TicketUse[]> {
  const limits = await db
    .selectFrom('ticket_limits')
    .selectAll()
    .where('ticket_id', '=', ticket)
    .orderBy('key')
    .execute()
  const shares = await db
    .selectFrom('shares')
    .selectAll()
    .where('ticket_id', '=', ticket)
    .orderBy('project_id')
    .execute()
  return limits.map(({ key, amount, used }) => ({
    key,
    amount,
    used,
    shares: shares
      .filter((share) => share.key === key)
      .map((share) => ({ project: share.project_id, amount: share.amount, used: share.used })),
  }))
}

export interface Reservation {
  readonly holder: string
  readonly platform: PlatformId | null
  readonly ticket: TicketId
  /** JSON: { [key]: amount }. */
  readonly amounts: string
}

/** Who holds what in a project, by holder. */
export async function reservationsOfProject(db: Db, project: ProjectId): Promise<Reservation[]> {
  return await db
    .selectFrom('reservations')
    .select(['holder', 'platform_id as platform', 'ticket_id as ticket', 'amounts'])
    .where('project_id', '=', project)
    .orderBy('holder')
    .execute()
}
