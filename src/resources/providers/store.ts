import type { Scope } from '../../access/index.ts'
import { appendEvent, type FactKind } from '../../events/index.ts'
import type { ProviderId } from '../../kernel/ids.ts'
import type { Seams } from '../../kernel/seams.ts'
import { saveInventory } from '../../placement/index.ts'
import type { HostReport } from '../../provider/contract.ts'
import type { Db, ProviderTable, Tx } from '../../store/index.ts'
import { type ListRequest, page } from '../listing.ts'
import { missing } from '../missing.ts'
import { givingName } from '../name-taken.ts'

/** Living providers, one more than the page. */
export function listProviders(db: Db, _scope: Scope, request: ListRequest & { kind?: string | undefined }) {
  let query = db.selectFrom('providers').selectAll().where('deleted_at', 'is', null)
  if (request.kind !== undefined) query = query.where('kind', '=', request.kind)
  return page(query, 'providers', request).execute()
}

/** Throws not_found, also for a deleted one. */
export async function getProvider(db: Db, _scope: Scope, id: ProviderId): Promise<ProviderTable> {
  const row = await db
    .selectFrom('providers')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return row ?? missing('provider', id)
}

/** Throws name_taken. */
export async function insertProvider(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  row: ProviderTable,
  hosts: readonly HostReport[],
): Promise<void> {
  await givingName('provider', 'providers', row.name, () => tx.insertInto('providers').values(row).execute())
  await saveInventory(tx, seams, row.id, hosts, new Map())
  await tell(tx, scope, seams, 'provider.created', row)
}

/** Throws name_taken. Raises the version, so that sessions are opened anew. */
export async function updateProvider(tx: Tx, scope: Scope, seams: Seams, row: ProviderTable): Promise<ProviderTable> {
  const next = { ...row, version: row.version + 1 }
  const { id, ...columns } = next
  await givingName('provider', 'providers', row.name, () =>
    tx.updateTable('providers').set(columns).where('id', '=', id).execute(),
  )
  await tell(tx, scope, seams, 'provider.changed', next)
  return next
}

/** Platforms with machines there, by name; empty when it may be deleted. */
export async function platformsOn(db: Db, provider: ProviderId): Promise<string[]> {
  const rows = await db
    .selectFrom('machines')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .select('platforms.name')
    .distinct()
    .where('machines.provider_id', '=', provider)
    .where('machines.state', '!=', 'deleted')
    .limit(20)
    .execute()
  return rows.map((row) => `platform ${row.name}`)
}

/** Living machines by provider. */
export async function machineCounts(db: Db, providers: readonly ProviderId[]): Promise<Map<ProviderId, number>> {
  if (providers.length === 0) return new Map()
  const rows = await db
    .selectFrom('machines')
    .select((eb) => ['provider_id', eb.fn.countAll<number>().as('count')])
    .where('provider_id', 'in', providers)
    .where('state', '!=', 'deleted')
    .groupBy('provider_id')
    .execute()
  return new Map(rows.map((row) => [row.provider_id, Number(row.count)]))
}

export async function deleteProvider(tx: Tx, scope: Scope, seams: Seams, row: ProviderTable): Promise<void> {
  await tx.deleteFrom('hosts').where('provider_id', '=', row.id).execute()
  await tx
    .updateTable('maintenances')
    .set({ ended_at: seams.clock.now() })
    .where('provider_id', '=', row.id)
    .where('ended_at', 'is', null)
    .execute()
  await tx
    .updateTable('providers')
    .set({ deleted_at: seams.clock.now(), version: row.version + 1, config: '{}' })
    .where('id', '=', row.id)
    .execute()
  await tell(tx, scope, seams, 'provider.deleted', row)
}

async function tell(tx: Tx, scope: Scope, seams: Seams, kind: FactKind, row: ProviderTable): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'provider', id: row.id },
    actor: scope.actor,
    data: { name: row.name, kind: row.kind },
  })
}
