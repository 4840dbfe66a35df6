import type { Scope } from '../../access/index.ts'
import { instant } from '../../http/schema.ts'
import type { ProviderId } from '../../kernel/ids.ts'
import { totalOf } from '../../placement/index.ts'
import type { Db, HostTable } from '../../store/index.ts'
import type { Host, Resources, Zone } from './schemas.ts'

interface HostRow extends HostTable {
  readonly resting: number
  readonly provider_name: string
  readonly overcommit: string
  readonly machines: number
}

/** Hosts by provider and name, after a position; those that are gone only when asked for. */
export async function listHosts(
  db: Db,
  scope: Scope,
  filter: {
    readonly provider?: ProviderId | undefined
    readonly zone?: string | undefined
    readonly after?: readonly [ProviderId, string] | undefined
    readonly limit?: number | undefined
  },
): Promise<Host[]> {
  const rows = await hostRows(db, scope, filter)
  return rows.map(hostView)
}

/** Zones of a provider, or of all, with the sums of their hosts. */
export async function listZones(db: Db, scope: Scope, provider?: ProviderId): Promise<Zone[]> {
  const zones = new Map<string, Zone>()
  for (const row of await hostRows(db, scope, { provider })) {
    if (row.state === 'gone') continue
    const host = hostView(row)
    const key = `${row.provider_id}/${row.zone}`
    const known = zones.get(key) ?? {
      name: row.zone,
      provider: row.provider_id,
      providerName: row.provider_name,
      hosts: 0,
      hostsReady: 0,
      capacity: zero,
      free: zero,
      machines: 0,
    }
    zones.set(key, {
      ...known,
      hosts: known.hosts + 1,
      hostsReady: known.hostsReady + (host.state === 'ready' ? 1 : 0),
      // One host whose capacity is unknown leaves the zone's unknown.
      capacity: sum(known.capacity, host.capacity),
      free: sum(known.free, host.free),
      machines: known.machines + host.machines,
    })
  }
  return [...zones.values()]
}

function hostRows(db: Db, _scope: Scope, filter: Parameters<typeof listHosts>[2]): Promise<HostRow[]> {
  let query = db
    .selectFrom('hosts')
    .innerJoin('providers', 'providers.id', 'hosts.provider_id')
    .selectAll('hosts')
    .select(['providers.name as provider_name', 'providers.overcommit'])
    .select((eb) =>
      eb
        .selectFrom('machines')
        .select((inner) => inner.fn.countAll<number>().as('count'))
        .whereRef('machines.provider_id', '=', 'hosts.provider_id')
        .where((inner) =>
          inner.or([
            inner('machines.host', '=', inner.ref('hosts.name')),
            inner.and([inner('machines.host', 'is', null), inner('machines.zone', '=', inner.ref('hosts.name'))]),
          ]),
        )
        .where('machines.state', '!=', 'deleted')
        .$asScalar()
        .$notNull()
        .as('machines'),
    )
    .select((eb) =>
      eb
        .selectFrom('maintenances')
        .select((inner) => inner.fn.countAll<number>().as('count'))
        .whereRef('maintenances.provider_id', '=', 'hosts.provider_id')
        .whereRef('maintenances.host', '=', 'hosts.name')
        .where('ended_at', 'is', null)
        .$asScalar()
        .$notNull()
        .as('resting'),
    )
    .where('providers.deleted_at', 'is', null)
  if (filter.provider !== undefined) query = query.where('hosts.provider_id', '=', filter.provider)
  if (filter.zone !== undefined) query = query.where('hosts.zone', '=', filter.zone)
  if (filter.after) {
    const [provider, host] = filter.after
    query = query.where((eb) =>
      eb.or([
        eb('hosts.provider_id', '>', provider),
        eb.and([eb('hosts.provider_id', '=', provider), eb('hosts.name', '>', host)]),
      ]),
    )
  }
  query = query.orderBy('hosts.provider_id').orderBy('hosts.name')
  return (filter.limit === undefined ? query : query.limit(filter.limit)).execute()
}

function hostView(row: HostRow): Host {
  const reserved = { cpu: row.reserved_cpu, memoryBytes: row.reserved_memory_bytes, diskBytes: row.reserved_disk_bytes }
  const others = { cpu: row.others_cpu, memoryBytes: row.others_memory_bytes, diskBytes: row.others_disk_bytes }
  const capacity = capacityOf(row)
  return {
    name: row.name,
    provider: row.provider_id,
    providerName: row.provider_name,
    zone: row.zone,
    state: Number(row.resting) > 0 && row.state === 'ready' ? 'maintenance' : row.state,
    inMaintenance: Number(row.resting) > 0,
    capacity,
    free: freeOf(totalOf(row, row.overcommit), reserved, others),
    reserved,
    others,
    machines: row.machines,
    seenAt: instant(row.seen_at),
  }
}

function capacityOf(row: HostRow): Resources | null {
  if (row.cpu === null || row.memory_bytes === null || row.disk_bytes === null) return null
  return { cpu: row.cpu, memoryBytes: row.memory_bytes, diskBytes: row.disk_bytes }
}

/** What placement counts with, but never below zero: nobody can have less than none. */
function freeOf(total: Resources | null, reserved: Resources, others: Resources): Resources | null {
  const left = (of: keyof Resources) => Math.max(0, (total?.[of] ?? 0) - reserved[of] - others[of])
  return total && { cpu: left('cpu'), memoryBytes: left('memoryBytes'), diskBytes: left('diskBytes') }
}

const zero: Resources = { cpu: 0, memoryBytes: 0, diskBytes: 0 }

function sum(a: Resources | null, b: Resources | null): Resources | null {
  if (a === null || b === null) return null
  return { cpu: a.cpu + b.cpu, memoryBytes: a.memoryBytes + b.memoryBytes, diskBytes: a.diskBytes + b.diskBytes }
}
