// Hosts and zones that are dead, and who of ours is down with them. A provider says it of a host; that all of ours there
// failed at once says it too, whatever the provider thinks of the host.

import type { MachineId, ProviderId } from '../kernel/ids.ts'
import type { Db } from '../store/store.ts'
import type { ProblemPlace } from './problems.ts'

export interface DeadPlace {
  readonly code: 'host_dead' | 'zone_dead'
  /** Of the host, or of the zone. */
  readonly name: string
  /** How that is known: `its provider calls it unreachable`. */
  readonly why: string
}

/** How a place's problem ends when the place is back: its provider says so, or a machine of ours runs there. */
export const thereAgain = 'its provider has it back'
export const ranThere = 'a machine of ours runs there'

/** A machine that is down, of a member that is not on its way out. */
export interface DownMachine {
  readonly id: MachineId
  readonly member: string
  readonly owner: ProblemPlace
  /** Null where its zone does not show its hosts. */
  readonly host: string | null
  readonly zone: string
}

export async function downMachines(db: Db, provider: ProviderId): Promise<DownMachine[]> {
  const rows = await db
    .selectFrom('machines')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .select(['machines.id', 'member', 'host', 'zone', 'machines.platform_id', 'machines.tenant_id'])
    .select('machines.project_id')
    .where('provider_id', '=', provider)
    .where('members.state', 'in', ['joining', 'in', 'changing'])
    .where('machines.state', '!=', 'deleted')
    .where('platforms.want', '=', 'present')
    .where((where) => where.or([where('missing_since', 'is not', null), where('ill_since', 'is not', null)]))
    .orderBy('member')
    .execute()
  return rows.map(({ id, member, host, zone, ...row }) => ({
    id,
    member,
    host,
    zone,
    owner: { id: row.platform_id, tenantId: row.tenant_id, projectId: row.project_id },
  }))
}

/** Whether its provider calls the host dead. */
export function isCalledDead({ state }: { readonly state: string }): boolean {
  return state === 'unreachable' || state === 'gone'
}

/** Finds the dead place a machine is in, the zone before the host; null: it is down by itself. */
export async function deadPlaces(
  db: Db,
  provider: ProviderId,
  /** Machines that have failed, or were stopped, and are seen to be there. */
  failed: ReadonlySet<MachineId> = new Set(),
): Promise<(machine: Pick<DownMachine, 'host' | 'zone'>) => DeadPlace | null> {
  const hosts = await db
    .selectFrom('hosts')
    .select(['name', 'zone', 'state'])
    .where('provider_id', '=', provider)
    .execute()
  const why = new Map<string, string>()
  for (const { name, state } of hosts) {
    if (state === 'unreachable') why.set(name, 'its provider calls it unreachable')
    if (state === 'gone') why.set(name, 'its provider has it no more')
  }
  for (const name of failed.size === 0 ? [] : await failedTogether(db, provider, failed))
    if (!why.has(name)) why.set(name, 'all of our machines there failed at once')
  const zones = Map.groupBy(hosts, ({ zone }) => zone)
  const isDeadZone = (zone: string) => {
    const its = zones.get(zone) ?? []
    return its.length > 1 && its.every(({ name }) => why.has(name))
  }
  return ({ host, zone }) => {
    if (isDeadZone(zone)) return { code: 'zone_dead', name: zone, why: 'all of its hosts are dead' }
    const said = why.get(host ?? zone)
    return said === undefined
      ? null
      : { code: host === null ? 'zone_dead' : 'host_dead', name: host ?? zone, why: said }
  }
}

/**
 * Hosts, or zones that do not show theirs, with two machines of ours at least, all of which are among these. Those that
 * were down when their host was back say nothing of it any more.
 */
async function failedTogether(db: Db, provider: ProviderId, failed: ReadonlySet<MachineId>): Promise<string[]> {
  const rows = await db
    .selectFrom('machines')
    .select(['id', 'host', 'zone'])
    .where('provider_id', '=', provider)
    .where('state', 'in', ['booting', 'bootstrapping', 'ready', 'unhealthy'])
    .execute()
  const places = Map.groupBy(rows, ({ host, zone }) => host ?? zone)
  const left = await leftDown(db, provider)
  return [...places].flatMap(([name, its]) => {
    const together = its.length > 1 && its.every(({ id }) => failed.has(id))
    return together && its.some(({ id }) => !left.has(id)) ? [name] : []
  })
}

/** Machines that went down with a host or zone, and are down still though that is back. */
async function leftDown(db: Db, provider: ProviderId): Promise<ReadonlySet<MachineId>> {
  const rows = await db
    .selectFrom('problems')
    .innerJoin('problem_machines', 'problem_machines.problem_id', 'problems.id')
    .innerJoin('machines', 'machines.id', 'problem_machines.machine_id')
    .select('machines.id')
    .where('problems.provider_id', '=', provider)
    .where('resolution', 'in', [thereAgain, ranThere])
    .whereRef('missing_since', '<=', 'resolved_at')
    .execute()
  return new Set(rows.map(({ id }) => id))
}
