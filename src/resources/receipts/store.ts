import type { Scope } from '../../access/index.ts'
import { instant } from '../../http/schema.ts'
import type { PlatformId, ReceiptId } from '../../kernel/ids.ts'
import type { Db, ReceiptTable } from '../../store/index.ts'
import { missing } from '../missing.ts'
import type { Receipt } from './schemas.ts'

interface ReceiptRow extends ReceiptTable {
  readonly platform_name: string
}

function receipts(db: Db, scope: Scope) {
  let query = db
    .selectFrom('receipts')
    .innerJoin('platforms', 'platforms.id', 'receipts.platform_id')
    .selectAll('receipts')
    .select('platforms.name as platform_name')
  if (scope.tenant !== null) query = query.where('receipts.tenant_id', '=', scope.tenant)
  if (scope.project !== null) query = query.where('receipts.project_id', '=', scope.project)
  return query
}

/** The newest first. */
export function listReceipts(
  db: Db,
  scope: Scope,
  filter: {
    readonly platform?: PlatformId | undefined
    readonly before?: ReceiptId | undefined
    readonly limit: number
  },
): Promise<ReceiptRow[]> {
  let query = receipts(db, scope)
  if (filter.platform !== undefined) query = query.where('receipts.platform_id', '=', filter.platform)
  if (filter.before !== undefined) query = query.where('receipts.id', '<', filter.before)
  return query.orderBy('receipts.id', 'desc').limit(filter.limit).execute()
}

/** Throws not_found. */
export async function getReceipt(db: Db, scope: Scope, id: ReceiptId): Promise<ReceiptRow> {
  return (await receipts(db, scope).where('receipts.id', '=', id).executeTakeFirst()) ?? missing('receipt', id)
}

/** The receipt with every object and the observation that proved it gone. */
export async function receiptView(db: Db, row: ReceiptRow): Promise<Receipt> {
  const objects = await db
    .selectFrom('receipt_objects')
    .innerJoin('providers', 'providers.id', 'receipt_objects.provider_id')
    .innerJoin('machines', 'machines.id', 'receipt_objects.machine_id')
    .selectAll('receipt_objects')
    .select(['providers.name as provider_name', 'machines.member'])
    .where('receipt_objects.platform_id', '=', row.platform_id)
    .orderBy('machines.id')
    .orderBy('receipt_objects.kind')
    .execute()
  return {
    id: row.id,
    platform: row.platform_id,
    platformName: row.platform_name,
    tenant: row.tenant_id,
    project: row.project_id,
    state: objects.some((object) => object.reopened_at !== null) ? 'reopened' : row.state,
    createdAt: instant(row.created_at),
    completedAt: instant(row.completed_at),
    objects: objects.map((object) => ({
      kind: object.kind,
      provider: object.provider_id,
      providerName: object.provider_name,
      machine: object.machine_id,
      member: object.member,
      resourceKey: object.resource_key,
      nativeRef: object.native_ref,
      proof: object.proof,
      observedAt: instant(object.observed_at),
      reopenedAt: instant(object.reopened_at),
    })),
  }
}
