// A maintenance as it is shown: what is left on the host, and for each machine why it is there still.

import type { Scope } from '../../access/index.ts'
import { previewMaintenance, type WindowState, windowOpen } from '../../care/index.ts'
import { instant } from '../../http/schema.ts'
import type { PlatformId, ProviderId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { PlatformState } from '../../kernel/states.ts'
import type { Db, MaintenanceTable } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import type { Maintenance, MaintenancePreview } from './schemas.ts'

/** Those that last, at one provider, with what is left. */
export async function listMaintenances(
  db: Db,
  scope: Scope,
  provider: ProviderId,
  now: number,
): Promise<Maintenance[]> {
  const rows = await db
    .selectFrom('maintenances')
    .selectAll()
    .where('provider_id', '=', provider)
    .where('ended_at', 'is', null)
    .orderBy('started_at')
    .execute()
  return Promise.all(rows.map((row) => showMaintenance(db, scope, row, now)))
}

/** The one that lasts on a host, or the last one there was. Throws not_found when there never was one. */
export async function latestMaintenance(
  db: Db,
  _scope: Scope,
  provider: ProviderId,
  host: string,
): Promise<MaintenanceTable> {
  const row = await db
    .selectFrom('maintenances')
    .selectAll()
    .where('provider_id', '=', provider)
    .where('host', '=', host)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  if (row) return row
  throw new ProblemError({
    code: 'not_found',
    detail: `Host ${host} was never in maintenance.`,
    facts: { host },
    next: 'GET /v1/hosts lists the hosts there are.',
  })
}

export async function showMaintenance(db: Db, scope: Scope, row: MaintenanceTable, now: number): Promise<Maintenance> {
  const left = row.ended_at === null ? await leftOn(db, scope, row, now) : []
  return {
    id: row.id,
    provider: row.provider_id,
    host: row.host,
    state: row.ended_at !== null ? 'ended' : left.length === 0 ? 'empty' : 'emptying',
    reason: row.reason,
    startedBy: row.actor,
    startedAt: instant(row.started_at),
    deadline: instant(row.deadline_at),
    emptiedAt: left.length === 0 ? instant(row.emptied_at) : null,
    endedAt: instant(row.ended_at),
    machines: row.machines,
    left,
  }
}

async function leftOn(db: Db, _scope: Scope, row: MaintenanceTable, now: number): Promise<Maintenance['left']> {
  const machines = await db
    .selectFrom('machines')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .select(['machines.id', 'machines.member', 'members.state as member_state', 'members.warm_until'])
    .select(['platforms.id as platform', 'platforms.name', 'platforms.state'])
    .where('machines.provider_id', '=', row.provider_id)
    .where('machines.state', '!=', 'deleted')
    .where((where) =>
      where.or([where('host', '=', row.host), where.and([where('host', 'is', null), where('zone', '=', row.host)])]),
    )
    .orderBy('platforms.name')
    .orderBy('machines.member')
    .execute()
  const problems = await problemsOf(
    db,
    machines.map(({ id }) => id),
  )
  const windows = new Map<PlatformId, WindowState>()
  if (row.deadline_at !== null && now < row.deadline_at)
    for (const { platform } of machines) windows.set(platform, await windowOpen(db, platform, now))
  return machines.map((machine) => {
    const { id, member, platform, name, state, member_state, warm_until } = machine
    const seen = { machine: id, name: member, platform, platformName: name }
    if (member_state === 'leaving' || state === 'deleting')
      return { ...seen, state: 'leaving', reason: 'it is being removed' }
    if (warm_until !== null)
      return {
        ...seen,
        state: 'waiting',
        reason: `it is kept warm for an undo until ${instant(warm_until)}, then it goes`,
      }
    const stuck = problems.get(id) ?? inTheWay[state]?.(name)
    if (stuck !== undefined) return { ...seen, state: 'stuck', reason: stuck }
    const window = windows.get(platform)
    if (window && !window.open) {
      const opens = `opens ${instant(window.until) ?? 'never'}`
      const reason = `it is moved in the window of ${name}, which ${opens}, at the latest from ${instant(row.deadline_at)} on`
      return { ...seen, state: 'waiting', reason }
    }
    return { ...seen, state: 'waiting', reason: 'few of a group are moved at a time; its turn comes by itself' }
  })
}

/** Who would go where, should the host be put in maintenance; throws not_found for one that is not there. */
export async function planMaintenance(
  { store, blueprints }: Pick<Rooms, 'store' | 'blueprints'>,
  _scope: Scope,
  place: { readonly provider: ProviderId; readonly host: string },
): Promise<MaintenancePreview> {
  const planned = await previewMaintenance(store.read, blueprints, place)
  const machines = planned.flatMap(({ view, moves }) =>
    moves.map(({ member, seat, why }) => {
      const waits = inTheWay[view.state]?.(view.name)
      return {
        machine: member.machine.id,
        name: member.ref,
        platform: view.id,
        platformName: view.name,
        what: seat === null ? ('stuck' as const) : waits === undefined ? ('moves' as const) : ('waits' as const),
        providerName: seat?.providerName ?? null,
        zone: seat?.zone ?? null,
        onHost: seat?.host ?? null,
        reason: seat === null ? why : (waits ?? why),
      }
    }),
  )
  return { host: place.host, machines: machines.sort(byPlatform) }
}

function byPlatform(a: MaintenancePreview['machines'][number], b: MaintenancePreview['machines'][number]): number {
  return a.platformName.localeCompare(b.platformName) || a.name.localeCompare(b.name)
}

/** Platforms of which nobody is moved, and what would change that. */
const inTheWay: { readonly [state in PlatformState]?: (name: string) => string } = {
  pending: (name) => `${name} is being built; it is moved once that is done`,
  building: (name) => `${name} is being built; it is moved once that is done`,
  changing: (name) => `${name} is being changed; it is moved once that is done`,
  blocked: (name) => `${name} is blocked: gantry explain ${name}`,
  held: (name) => `${name} is held; it is moved once it is resumed: gantry platform resume ${name}`,
  paused: (name) =>
    `${name} is paused, and nothing of it is touched; it is moved once it is resumed: gantry platform resume ${name}`,
  hibernated: (name) =>
    `${name} is hibernated: its machines are stopped and stay where they are until it is woken (gantry platform wake ${name}) or deleted`,
}

/** What is in the way of a machine, by its open problems. */
async function problemsOf(db: Db, machines: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (let from = 0; from < machines.length; from += 500) {
    const rows = await db
      .selectFrom('problems')
      .select(['machine_id', 'detail'])
      .where('machine_id', 'in', machines.slice(from, from + 500) as never[])
      .where('resolved_at', 'is', null)
      .execute()
    for (const { machine_id, detail } of rows) if (machine_id !== null) found.set(machine_id, detail)
  }
  return found
}
