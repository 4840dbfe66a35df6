// What may be granted. A limit never falls below what is used or shared out, and shares never add up to more
// than their ticket: so an admission that fits its share always fits the ticket too.

import type { ProjectId, TicketId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Tx } from '../store/store.ts'
import { amountText, quotaKeyPattern } from './keys.ts'

/** An amount in the key's unit; null is the explicit "unlimited". */
export type Limit = number | null

/** Sets a ticket's limit of one key. Throws 'conflict' below what is used or shared out, 'not_found'. */
export async function setLimit(
  tx: Tx,
  limit: { readonly ticket: TicketId; readonly key: string; readonly amount: Limit },
): Promise<void> {
  const { ticket, key, amount } = limit
  assertAmount(key, amount)
  const name = await livingTicket(tx, ticket)
  const shared = await sharesOf(tx, ticket, key)
  const total = shared.reduce((sum, share) => sum + (share.amount ?? Number.POSITIVE_INFINITY), 0)
  if (amount !== null && amount < total) {
    throw new ProblemError({
      code: 'conflict',
      detail: `${key}: projects have shares of ${textOf(key, total)} in ticket ${name}, more than ${amountText(key, amount)}.`,
      facts: { key, wanted: amount, shared: Number.isFinite(total) ? total : null, ticket },
      next: 'Lower the shares first.',
    })
  }
  const row = await limitOf(tx, ticket, key)
  if (row && amount !== null && amount < row.used) throw belowUse(key, amount, row.used)
  await tx
    .insertInto('ticket_limits')
    .values({ ticket_id: ticket, key, amount, used: 0 })
    .onConflict((conflict) => conflict.columns(['ticket_id', 'key']).doUpdateSet({ amount }))
    .execute()
}

/**
 * Sets a project's share of one key of a ticket. Throws 'quota_exceeded' when the shares would add up to more
 * than the ticket, 'conflict' below what the project uses, 'not_found' for a ticket of another tenant, and
 * 'invalid_parameter' for a key the ticket does not have or an unlimited share of a limited ticket.
 */
export async function setShare(
  tx: Tx,
  share: { readonly project: ProjectId; readonly ticket: TicketId; readonly key: string; readonly amount: Limit },
): Promise<void> {
  const { project, ticket, key, amount } = share
  assertAmount(key, amount)
  const name = await sharedTicket(tx, project, ticket)
  const limit = await limitOf(tx, ticket, key)
  if (!limit) throw invalid(`Ticket ${name} has no limit for ${key}.`, `Set the limit of ${key} in the ticket first.`)
  const shares = await sharesOf(tx, ticket, key)
  const others = shares.filter((one) => one.project_id !== project)
  if (limit.amount !== null) {
    if (amount === null) throw invalid(`${key}: a share of a limited ticket cannot be unlimited.`, 'Give an amount.')
    const left = limit.amount - others.reduce((sum, one) => sum + (one.amount ?? 0), 0)
    if (amount > left) {
      throw new ProblemError({
        code: 'quota_exceeded',
        detail: `${key}: a share of ${amountText(key, amount)} wanted, ${amountText(key, left)} left to share in ticket ${name}.`,
        facts: { key, wanted: amount, left, ticket, ticketName: name },
        next: 'Lower another share, or ask for a larger ticket.',
      })
    }
  }
  const used = shares.find((one) => one.project_id === project)?.used ?? 0
  if (amount !== null && amount < used) throw belowUse(key, amount, used)
  await tx
    .insertInto('shares')
    .values({ project_id: project, ticket_id: ticket, key, amount, used: 0 })
    .onConflict((conflict) => conflict.columns(['project_id', 'ticket_id', 'key']).doUpdateSet({ amount }))
    .execute()
}

/** Takes a share away; one that is not there is no error. Throws 'in_use' while the project uses it. */
export async function removeShare(
  tx: Tx,
  share: { readonly project: ProjectId; readonly ticket: TicketId; readonly key: string },
): Promise<void> {
  const { project, ticket, key } = share
  const row = (await sharesOf(tx, ticket, key)).find((one) => one.project_id === project)
  if (!row) return
  if (row.used > 0) throw inUse(`${key}: the project uses ${amountText(key, row.used)} of its share.`)
  await tx
    .deleteFrom('shares')
    .where('project_id', '=', project)
    .where('ticket_id', '=', ticket)
    .where('key', '=', key)
    .execute()
}

/** Takes a key out of a ticket; one that is not there is no error. Throws 'in_use' while projects have shares of it. */
export async function removeLimit(tx: Tx, limit: { readonly ticket: TicketId; readonly key: string }): Promise<void> {
  const { ticket, key } = limit
  const shares = await sharesOf(tx, ticket, key)
  if (shares.length > 0) throw inUse(`${key}: ${shares.length} projects have shares of it.`)
  await tx.deleteFrom('ticket_limits').where('ticket_id', '=', ticket).where('key', '=', key).execute()
}

function limitOf(tx: Tx, ticket: TicketId, key: string) {
  return tx
    .selectFrom('ticket_limits')
    .select(['amount', 'used'])
    .where('ticket_id', '=', ticket)
    .where('key', '=', key)
    .executeTakeFirst()
}

function sharesOf(tx: Tx, ticket: TicketId, key: string) {
  return tx
    .selectFrom('shares')
    .select(['project_id', 'amount', 'used'])
    .where('ticket_id', '=', ticket)
    .where('key', '=', key)
    .execute()
}

/** The name of a ticket that was not deleted. Throws not_found. */
async function livingTicket(tx: Tx, ticket: TicketId): Promise<string> {
  const row = await tx
    .selectFrom('tickets')
    .select('name')
    .where('id', '=', ticket)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw notFound(`There is no ticket ${ticket}.`)
  return row.name
}

/** The name of a ticket that the project may have a share of: its tenant's. Throws not_found. */
export async function sharedTicket(tx: Tx, project: ProjectId, ticket: TicketId): Promise<string> {
  const row = await tx
    .selectFrom('tickets')
    .innerJoin('projects', 'projects.tenant_id', 'tickets.tenant_id')
    .select('tickets.name')
    .where('tickets.id', '=', ticket)
    .where('projects.id', '=', project)
    .where('tickets.deleted_at', 'is', null)
    .where('projects.deleted_at', 'is', null)
    .executeTakeFirst()
  if (!row) throw notFound(`There is no ticket ${ticket} in the tenant of project ${project}.`)
  return row.name
}

function assertAmount(key: string, amount: Limit): void {
  if (!quotaKeyPattern.test(key)) throw invalid(`${JSON.stringify(key)} is no key.`, 'Keys look like vm.count.')
  if (amount !== null && (!Number.isSafeInteger(amount) || amount < 0)) {
    throw invalid(`${key}: ${amount} is no amount.`, 'Give a whole number, not below zero, or unlimited.')
  }
}

function belowUse(key: string, amount: number, used: number): ProblemError {
  return new ProblemError({
    code: 'conflict',
    detail: `${key}: ${amountText(key, used)} are in use, more than ${amountText(key, amount)}.`,
    facts: { key, wanted: amount, used },
    next: 'Delete or shrink what uses it first.',
  })
}

function invalid(detail: string, next: string): ProblemError {
  return new ProblemError({ code: 'invalid_parameter', detail, next })
}

function inUse(detail: string): ProblemError {
  return new ProblemError({ code: 'in_use', detail, next: 'Delete or shrink what uses it first.' })
}

function notFound(detail: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    detail,
    next: 'Check the id: GET /v1/tenants/{tenant}/tickets shows those there are.',
  })
}

function textOf(key: string, amount: number): string {
  return Number.isFinite(amount) ? amountText(key, amount) : 'an unlimited amount'
}
