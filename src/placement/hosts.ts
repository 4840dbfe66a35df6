// Hosts as placement sees them, from the table. Free = declared x overcommit - our reservations - others' use.

import type { ProviderId } from '../kernel/ids.ts'
import type { HostTable, ProviderTable } from '../store/schema.ts'
import type { Db } from '../store/store.ts'
import { lastingMaintenances } from './maintenance.ts'
import { totalOf } from './overcommit.ts'
import type { Host, HostState } from './types.ts'

/**
 * The hosts of these providers (default: of all), of those that were not deleted and without hosts that are
 * gone. Read it in the transaction that reserves, and nobody can take the place in between.
 */
export async function loadHosts(db: Db, providers?: readonly ProviderId[]): Promise<Host[]> {
  let query = db
    .selectFrom('hosts')
    .innerJoin('providers', 'providers.id', 'hosts.provider_id')
    .selectAll('hosts')
    .select(['providers.overcommit', 'providers.state as provider_state'])
    .where('providers.deleted_at', 'is', null)
    .where('hosts.state', '!=', 'gone')
  if (providers) query = query.where('hosts.provider_id', 'in', providers)
  const lasting = await lastingMaintenances(db)
  const resting = new Set(lasting.map(({ provider_id, host }) => `${provider_id}/${host}`))
  const rows = await query.orderBy('hosts.provider_id').orderBy('hosts.name').execute()
  return rows.map((row): Host => {
    const total = totalOf(row, row.overcommit)
    const capacity = total && {
      total,
      free: {
        cpu: total.cpu - row.reserved_cpu - row.others_cpu,
        memoryBytes: total.memoryBytes - row.reserved_memory_bytes - row.others_memory_bytes,
        diskBytes: total.diskBytes - row.reserved_disk_bytes - row.others_disk_bytes,
      },
    }
    // Its own state first: a host in maintenance would not take anybody if its provider answered either.
    const own = resting.has(`${row.provider_id}/${row.name}`) ? 'maintenance' : row.state
    const state = ownState(own) ?? stateBy[row.provider_state]
    return { provider: row.provider_id, zone: row.zone, name: row.name, state, capacity }
  })
}

function ownState(host: HostTable['state']): HostState | undefined {
  if (host === 'ready') return undefined
  return host === 'gone' ? 'unreachable' : host
}

const stateBy: { readonly [provider in ProviderTable['state']]: HostState } = {
  healthy: 'ready',
  unreachable: 'providerUnreachable',
  denied: 'providerDenied',
  removing: 'providerRemoving',
}
