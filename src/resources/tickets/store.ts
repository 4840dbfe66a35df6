import type { Scope } from '../../access/index.ts'
import { appendEvent, type FactKind } from '../../events/index.ts'
import { newId, type TenantId, type TicketId } from '../../kernel/ids.ts'
import type { Seams } from '../../kernel/seams.ts'
import { setLimit } from '../../quota/index.ts'
import type { Db, TicketTable, Tx } from '../../store/index.ts'
import { type ListRequest, page } from '../listing.ts'
import { missing } from '../missing.ts'
import { givingName } from '../name-taken.ts'
import { toStored } from './amounts.ts'

type Limits = Readonly<Record<string, number | 'unlimited'>>

/** Living tickets of the tenant, one more than the page. */
export function listTickets(db: Db, _scope: Scope, tenant: TenantId, request: ListRequest): Promise<TicketTable[]> {
  const query = db.selectFrom('tickets').selectAll().where('tenant_id', '=', tenant).where('deleted_at', 'is', null)
  return page(query, 'tickets', request).execute()
}

/** Throws not_found, also for a deleted one. */
export async function getTicket(db: Db, scope: Scope, id: TicketId): Promise<TicketTable> {
  let query = db.selectFrom('tickets').selectAll().where('id', '=', id).where('deleted_at', 'is', null)
  if (scope.tenant !== null) query = query.where('tenant_id', '=', scope.tenant)
  return (await query.executeTakeFirst()) ?? missing('ticket', id)
}

/** Throws name_taken. */
export async function createTicket(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  tenant: TenantId,
  wish: { readonly name: string; readonly labels: Record<string, string>; readonly limits: Limits },
): Promise<TicketTable> {
  const row: TicketTable = {
    id: newId('ticket', seams),
    tenant_id: tenant,
    name: wish.name,
    labels: JSON.stringify(wish.labels),
    version: 1,
    created_at: seams.clock.now(),
    deleted_at: null,
  }
  await givingName('ticket', 'tickets', wish.name, () => tx.insertInto('tickets').values(row).execute())
  await setLimits(tx, row.id, wish.limits)
  await tell(tx, scope, seams, 'ticket.created', row, wish.limits)
  return row
}

/** Throws name_taken, and conflict for a limit below what is used or shared. */
export async function changeTicket(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  row: TicketTable,
  wish: {
    readonly name?: string | undefined
    readonly labels?: Record<string, string> | undefined
    readonly limits?: Limits | undefined
  },
): Promise<TicketTable> {
  const next: TicketTable = {
    ...row,
    name: wish.name ?? row.name,
    labels: wish.labels ? JSON.stringify(wish.labels) : row.labels,
    version: row.version + 1,
  }
  const { name, labels, version } = next
  await givingName('ticket', 'tickets', name, () =>
    tx.updateTable('tickets').set({ name, labels, version }).where('id', '=', row.id).execute(),
  )
  await setLimits(tx, row.id, wish.limits ?? {})
  await tell(tx, scope, seams, 'ticket.changed', next, wish.limits ?? {})
  return next
}

/** Projects that have shares of it, by name; empty when it may be deleted. */
export async function sharersOf(db: Db, id: TicketId): Promise<string[]> {
  const rows = await db
    .selectFrom('shares')
    .innerJoin('projects', 'projects.id', 'shares.project_id')
    .select('projects.name')
    .distinct()
    .where('ticket_id', '=', id)
    .where('projects.deleted_at', 'is', null)
    .limit(20)
    .execute()
  return rows.map((row) => `project ${row.name}`)
}

export async function deleteTicket(tx: Tx, scope: Scope, seams: Seams, row: TicketTable): Promise<void> {
  await tx
    .updateTable('tickets')
    .set({ deleted_at: seams.clock.now(), version: row.version + 1 })
    .where('id', '=', row.id)
    .execute()
  await tell(tx, scope, seams, 'ticket.deleted', row, {})
}

async function setLimits(tx: Tx, ticket: TicketId, limits: Limits): Promise<void> {
  for (const [key, amount] of Object.entries(limits)) await setLimit(tx, { ticket, key, amount: toStored(amount) })
}

async function tell(tx: Tx, scope: Scope, seams: Seams, kind: FactKind, row: TicketTable, limits: Limits) {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'ticket', id: row.id },
    tenant: row.tenant_id,
    actor: scope.actor,
    data: { name: row.name, limits },
  })
}
