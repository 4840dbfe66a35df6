import type { Scope } from '../../access/index.ts'
import { appendEvent } from '../../events/index.ts'
import { newId, type TenantId } from '../../kernel/ids.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Db, TenantTable, Tx } from '../../store/index.ts'
import { type ListRequest, page } from '../listing.ts'
import { missing } from '../missing.ts'
import { givingName } from '../name-taken.ts'

/** Living tenants the scope may see, one more than the page. */
export function listTenants(db: Db, scope: Scope, request: ListRequest): Promise<TenantTable[]> {
  let query = db.selectFrom('tenants').selectAll().where('deleted_at', 'is', null)
  if (scope.tenant !== null) query = query.where('id', '=', scope.tenant)
  return page(query, 'tenants', request).execute()
}

/** Throws not_found, also for a deleted one. */
export async function getTenant(db: Db, scope: Scope, id: TenantId): Promise<TenantTable> {
  let query = db.selectFrom('tenants').selectAll().where('id', '=', id).where('deleted_at', 'is', null)
  if (scope.tenant !== null) query = query.where('id', '=', scope.tenant)
  return (await query.executeTakeFirst()) ?? missing('tenant', id)
}

/** Throws name_taken. */
export async function createTenant(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  wish: { readonly name: string; readonly labels: Record<string, string> },
): Promise<TenantTable> {
  const row: TenantTable = {
    id: newId('tenant', seams),
    name: wish.name,
    labels: JSON.stringify(wish.labels),
    version: 1,
    created_at: seams.clock.now(),
    deleted_at: null,
  }
  await givingName('tenant', 'tenants', wish.name, () => tx.insertInto('tenants').values(row).execute())
  await tell(tx, scope, seams, 'tenant.created', row)
  return row
}

/** Throws name_taken. */
export async function changeTenant(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  row: TenantTable,
  wish: { readonly name?: string | undefined; readonly labels?: Record<string, string> | undefined },
): Promise<TenantTable> {
  const next: TenantTable = {
    ...row,
    name: wish.name ?? row.name,
    labels: wish.labels ? JSON.stringify(wish.labels) : row.labels,
    version: row.version + 1,
  }
  const { name, labels, version } = next
  await givingName('tenant', 'tenants', name, () =>
    tx.updateTable('tenants').set({ name, labels, version }).where('id', '=', row.id).execute(),
  )
  await tell(tx, scope, seams, 'tenant.changed', next)
  return next
}

/** What is still inside, by name: `project shop`; empty when it may be deleted. */
export async function insideTenant(tx: Tx, id: TenantId): Promise<string[]> {
  const projects = await tx
    .selectFrom('projects')
    .select('name')
    .where('tenant_id', '=', id)
    .where('deleted_at', 'is', null)
    .limit(20)
    .execute()
  const tickets = await tx
    .selectFrom('tickets')
    .select('name')
    .where('tenant_id', '=', id)
    .where('deleted_at', 'is', null)
    .limit(20)
    .execute()
  return [...projects.map((row) => `project ${row.name}`), ...tickets.map((row) => `ticket ${row.name}`)]
}

export async function deleteTenant(tx: Tx, scope: Scope, seams: Seams, row: TenantTable): Promise<void> {
  const deleted_at = seams.clock.now()
  await tx
    .updateTable('tenants')
    .set({ deleted_at, version: row.version + 1 })
    .where('id', '=', row.id)
    .execute()
  await tell(tx, scope, seams, 'tenant.deleted', row)
}

async function tell(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  kind: 'tenant.created' | 'tenant.changed' | 'tenant.deleted',
  row: TenantTable,
): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'tenant', id: row.id },
    tenant: row.id,
    actor: scope.actor,
    data: { name: row.name },
  })
}
