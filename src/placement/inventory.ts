// What a provider reports becomes the hosts we place on. Our reservations are ours to know and stay as they
// are; of the reported use only what is not ours counts against a host.

import type { ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { HostTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db, Tx } from '../store/store.ts'
import type { Resources } from './types.ts'

/** One host or zone as a provider's inventory reports it. */
export interface InventoryReport {
  readonly name: string
  readonly zone: string
  /** Null: a zone whose hosts are not shown. */
  readonly capacity: Resources | null
  /** Use by everybody, ours included; null when not reported. */
  readonly used: Resources | null
  readonly state: 'ready' | 'maintenance' | 'unreachable'
}

export interface HostChange {
  readonly host: string
  /** Null: seen for the first time. */
  readonly from: HostTable['state'] | null
  readonly to: HostTable['state']
}

type SeenHost = Omit<HostTable, `reserved_${string}`>

const upsertSeen = statement((db, host: SeenHost) => {
  const { provider_id: _provider, name: _name, ...seen } = host
  return db
    .insertInto('hosts')
    .values({ ...host, reserved_cpu: 0, reserved_memory_bytes: 0, reserved_disk_bytes: 0 })
    .onConflict((conflict) => conflict.columns(['provider_id', 'name']).doUpdateSet(seen))
})

/**
 * Writes a complete inventory of one provider; a host it does not name any more is `gone`. `ourUse` is what
 * our machines use by host name, as counted by `ourUseOf`. Answers the changes of state, for events.
 */
export async function saveInventory(
  tx: Tx,
  seams: Seams,
  provider: ProviderId,
  reports: readonly InventoryReport[],
  ourUse: ReadonlyMap<string, Resources>,
): Promise<HostChange[]> {
  const now = seams.clock.now()
  const rows = await tx.selectFrom('hosts').select(['name', 'state']).where('provider_id', '=', provider).execute()
  const known = new Map(rows.map((row) => [row.name, row.state]))
  const changes: HostChange[] = []
  for (const report of reports) {
    const others = othersUse(report.used, ourUse.get(report.name))
    const seen = {
      zone: report.zone,
      cpu: report.capacity?.cpu ?? null,
      memory_bytes: report.capacity?.memoryBytes ?? null,
      disk_bytes: report.capacity?.diskBytes ?? null,
      others_cpu: others.cpu,
      others_memory_bytes: others.memoryBytes,
      others_disk_bytes: others.diskBytes,
      state: report.state,
      seen_at: now,
    }
    await upsertSeen.run(tx, { provider_id: provider, name: report.name, ...seen })
    const from = known.get(report.name) ?? null
    if (from !== report.state) changes.push({ host: report.name, from, to: report.state })
    known.delete(report.name)
  }
  for (const [host, from] of known) {
    if (from === 'gone') continue
    await tx
      .updateTable('hosts')
      .set({ state: 'gone' })
      .where('provider_id', '=', provider)
      .where('name', '=', host)
      .execute()
    changes.push({ host, from, to: 'gone' })
  }
  return changes
}

/** What our machines use by host, of those the provider may count: asked to be created and not proven gone. */
export async function ourUseOf(db: Db, provider: ProviderId): Promise<Map<string, Resources>> {
  const rows = await db
    .selectFrom('machines')
    .select(({ fn }) => [
      'host',
      fn.sum<number | bigint | string>('cpu').as('cpu'),
      fn.sum<number | bigint | string>('memory_bytes').as('memoryBytes'),
      fn.sum<number | bigint | string>('disk_bytes').as('diskBytes'),
    ])
    .where('provider_id', '=', provider)
    .where('state', 'not in', ['planned', 'deleted'])
    .where('host', 'is not', null)
    .groupBy('host')
    .execute()
  const use = new Map<string, Resources>()
  for (const { host, cpu, memoryBytes, diskBytes } of rows) {
    if (host === null) continue
    use.set(host, { cpu: Number(cpu), memoryBytes: Number(memoryBytes), diskBytes: Number(diskBytes) })
  }
  return use
}

// Providers round, and a machine of ours may not be counted yet: less than nothing is nothing.
function othersUse(used: Resources | null, ours: Resources | undefined): Resources {
  const left = (all: number, own: number) => Math.max(0, all - own)
  return {
    cpu: left(used?.cpu ?? 0, ours?.cpu ?? 0),
    memoryBytes: Math.ceil(left(used?.memoryBytes ?? 0, ours?.memoryBytes ?? 0)),
    diskBytes: Math.ceil(left(used?.diskBytes ?? 0, ours?.diskBytes ?? 0)),
  }
}
