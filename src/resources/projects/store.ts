import type { Scope } from '../../access/index.ts'
import { appendEvent, type FactKind } from '../../events/index.ts'
import { newId, type ProjectId, type TenantId, type TicketId } from '../../kernel/ids.ts'
import type { Seams } from '../../kernel/seams.ts'
import { removeShare, setShare, sharedTicket } from '../../quota/index.ts'
import type { Db, ProjectTable, Tx } from '../../store/index.ts'
import { type ListRequest, page } from '../listing.ts'
import { missing } from '../missing.ts'
import { givingName } from '../name-taken.ts'
import { toStored } from '../tickets/index.ts'

type Limits = Readonly<Record<string, number | 'unlimited'>>

/** Living projects, one more than the page. */
export function listProjects(
  db: Db,
  scope: Scope,
  request: ListRequest & { readonly tenant?: TenantId | undefined },
): Promise<ProjectTable[]> {
  let query = db.selectFrom('projects').selectAll().where('deleted_at', 'is', null)
  if (scope.tenant !== null) query = query.where('tenant_id', '=', scope.tenant)
  if (scope.project !== null) query = query.where('id', '=', scope.project)
  if (request.tenant !== undefined) query = query.where('tenant_id', '=', request.tenant)
  return page(query, 'projects', request).execute()
}

/** Throws not_found, also for a deleted one. */
export async function getProject(db: Db, scope: Scope, id: ProjectId): Promise<ProjectTable> {
  let query = db.selectFrom('projects').selectAll().where('id', '=', id).where('deleted_at', 'is', null)
  if (scope.tenant !== null) query = query.where('tenant_id', '=', scope.tenant)
  return (await query.executeTakeFirst()) ?? missing('project', id)
}

/** Throws name_taken, and what setShare throws. */
export async function createProject(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  tenant: TenantId,
  wish: {
    readonly name: string
    readonly labels: Record<string, string>
    readonly shares: readonly { readonly ticket: TicketId; readonly limits: Limits }[]
  },
): Promise<ProjectTable> {
  const row: ProjectTable = {
    id: newId('project', seams),
    tenant_id: tenant,
    name: wish.name,
    labels: JSON.stringify(wish.labels),
    version: 1,
    created_at: seams.clock.now(),
    deleted_at: null,
  }
  await givingName('project', 'projects', wish.name, () => tx.insertInto('projects').values(row).execute())
  await tell(tx, scope, seams, 'project.created', row, {})
  for (const share of wish.shares) await changeShare(tx, scope, seams, row, share.ticket, share.limits)
  return row
}

/** Throws name_taken. */
export async function changeProject(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  row: ProjectTable,
  wish: { readonly name?: string | undefined; readonly labels?: Record<string, string> | undefined },
): Promise<ProjectTable> {
  const next: ProjectTable = {
    ...row,
    name: wish.name ?? row.name,
    labels: wish.labels ? JSON.stringify(wish.labels) : row.labels,
    version: row.version + 1,
  }
  const { name, labels, version } = next
  await givingName('project', 'projects', name, () =>
    tx.updateTable('projects').set({ name, labels, version }).where('id', '=', row.id).execute(),
  )
  await tell(tx, scope, seams, 'project.changed', next, {})
  return next
}

/** Makes the project's share of a ticket exactly this; an empty one takes it away. Throws what setShare throws. */
export async function changeShare(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  row: ProjectTable,
  ticket: TicketId,
  limits: Limits,
): Promise<void> {
  await sharedTicket(tx, row.id, ticket)
  const had = await tx
    .selectFrom('shares')
    .select('key')
    .where('project_id', '=', row.id)
    .where('ticket_id', '=', ticket)
    .execute()
  for (const { key } of had) if (!(key in limits)) await removeShare(tx, { project: row.id, ticket, key })
  for (const [key, amount] of Object.entries(limits)) {
    await setShare(tx, { project: row.id, ticket, key, amount: toStored(amount) })
  }
  await tell(tx, scope, seams, 'share.changed', row, { ticket, limits })
}

/** Platforms inside, by name; empty when it may be deleted. */
export async function platformsIn(db: Db, id: ProjectId): Promise<string[]> {
  const rows = await db
    .selectFrom('platforms')
    .select('name')
    .where('project_id', '=', id)
    .where('state', '!=', 'deleted')
    .limit(20)
    .execute()
  return rows.map((row) => `platform ${row.name}`)
}

/** Its shares go with it. */
export async function deleteProject(tx: Tx, scope: Scope, seams: Seams, row: ProjectTable): Promise<void> {
  const shares = await tx.selectFrom('shares').select(['ticket_id', 'key']).where('project_id', '=', row.id).execute()
  for (const { ticket_id: ticket, key } of shares) await removeShare(tx, { project: row.id, ticket, key })
  await tx
    .updateTable('projects')
    .set({ deleted_at: seams.clock.now(), version: row.version + 1 })
    .where('id', '=', row.id)
    .execute()
  await tell(tx, scope, seams, 'project.deleted', row, {})
}

async function tell(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  kind: FactKind,
  row: ProjectTable,
  data: { readonly ticket?: string; readonly limits?: Limits },
): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'project', id: row.id },
    tenant: row.tenant_id,
    project: row.id,
    actor: scope.actor,
    data: { name: row.name, ...data },
  })
}
