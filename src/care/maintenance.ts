// Maintenance of a host: nothing new is placed there, what is there is replaced elsewhere within the rules, and it is done
// when nothing of ours is left. This file keeps its books; who is moved when is decided platform by platform (move.ts).

import { makeDue } from '../engine/index.ts'
import { appendEvent } from '../events/index.ts'
import { newId, type PlatformId, type ProviderId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import { lastingMaintenances } from '../placement/index.ts'
import type { MaintenanceTable } from '../store/schema.ts'
import type { Db, Tx } from '../store/store.ts'
import { careActor } from './decision.ts'
import type { ScanDeps } from './round.ts'

export interface HostPlace {
  readonly provider: ProviderId
  readonly host: string
}

interface Begun {
  readonly maintenance: MaintenanceTable
  /** Platforms whose run is due; wake the engine for them after the commit. */
  readonly due: readonly PlatformId[]
}

/**
 * Begins it, or gives the one that lasts already another deadline. Until `deadlineAt` (ms since 1970; null or none: from now
 * on) platforms are moved in their windows only. Throws not_found for a host that the provider does not have.
 */
export async function startMaintenance(
  tx: Tx,
  seams: Seams,
  place: HostPlace,
  because: { readonly actor: string; readonly reason: string | null; readonly deadlineAt?: number | null },
): Promise<Begun> {
  const lasting = await lastingOn(tx, place)
  const deadline_at = because.deadlineAt ?? null
  if (lasting && lasting.deadline_at === deadline_at) return { maintenance: lasting, due: [] }
  await requireHost(tx, place)
  const due = await platformsOn(tx, place)
  const machines = due.reduce((sum, { machines }) => sum + machines, 0)
  const now = seams.clock.now()
  if (lasting) {
    await tx.updateTable('maintenances').set({ deadline_at }).where('id', '=', lasting.id).execute()
    for (const { platform } of due) await makeDue(tx, platform, now)
    return { maintenance: { ...lasting, deadline_at }, due: due.map(({ platform }) => platform) }
  }
  const maintenance: MaintenanceTable = {
    id: newId('maintenance', seams),
    provider_id: place.provider,
    host: place.host,
    reason: because.reason,
    actor: because.actor,
    machines,
    started_at: now,
    deadline_at,
    emptied_at: machines === 0 ? now : null,
    ended_at: null,
  }
  await tx.insertInto('maintenances').values(maintenance).execute()
  await tell(tx, seams, maintenance, 'started', because.actor, { machines })
  if (machines === 0) await tell(tx, seams, maintenance, 'empty', because.actor)
  for (const { platform } of due) await makeDue(tx, platform, now)
  return { maintenance, due: due.map(({ platform }) => platform) }
}

/** Ends it: the host takes machines again, and nobody else is moved. Throws wrong_state when none lasts. */
export async function endMaintenance(tx: Tx, seams: Seams, place: HostPlace, actor: string): Promise<Begun> {
  const lasting = await lastingOn(tx, place)
  if (!lasting) {
    await requireHost(tx, place)
    throw new ProblemError({
      code: 'wrong_state',
      detail: `Host ${place.host} is not in maintenance.`,
      facts: { host: place.host },
      next: 'Nothing need be done: machines are placed there.',
    })
  }
  const now = seams.clock.now()
  const maintenance = { ...lasting, ended_at: now }
  await tx.updateTable('maintenances').set({ ended_at: now }).where('id', '=', lasting.id).execute()
  await tell(tx, seams, maintenance, 'ended', actor)
  // Who found no place elsewhere need not look for one any more.
  const due = (await platformsOn(tx, place)).map(({ platform }) => platform)
  for (const platform of due) await makeDue(tx, platform, now)
  return { maintenance, due }
}

/** At every scan: notes that a host is empty, or has the platforms that are still there decide again. */
export async function tendMaintenances(deps: ScanDeps, provider: ProviderId): Promise<void> {
  const lasting = await lastingMaintenances(deps.store.read, provider)
  if (lasting.length === 0) return
  const woken = await deps.store.write(async (tx) => {
    const due: PlatformId[] = []
    for (const { id } of lasting) due.push(...(await tend(tx, deps.seams, id)))
    return due
  })
  for (const platform of woken) deps.wake(platform)
}

async function tend(tx: Tx, seams: Seams, id: MaintenanceTable['id']): Promise<PlatformId[]> {
  const row = await tx.selectFrom('maintenances').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row || row.ended_at !== null) return []
  const left = await platformsOn(tx, { provider: row.provider_id, host: row.host })
  const now = seams.clock.now()
  if (left.length === 0 && row.emptied_at === null) {
    await tx.updateTable('maintenances').set({ emptied_at: now }).where('id', '=', id).execute()
    await tell(tx, seams, row, 'empty', careActor)
  }
  // A platform that was being admitted when it began may have come in after all.
  if (left.length > 0 && row.emptied_at !== null)
    await tx.updateTable('maintenances').set({ emptied_at: null }).where('id', '=', id).execute()
  for (const { platform } of left) await makeDue(tx, platform, now)
  return left.map(({ platform }) => platform)
}

/** Platforms with machines there that are not proven gone, and how many. */
export async function platformsOn(db: Db, { provider, host }: HostPlace) {
  const rows = await db
    .selectFrom('machines')
    .select(({ fn }) => ['platform_id', fn.countAll<number>().as('count')])
    .where('provider_id', '=', provider)
    .where('state', '!=', 'deleted')
    .where((where) =>
      where.or([where('host', '=', host), where.and([where('host', 'is', null), where('zone', '=', host)])]),
    )
    .groupBy('platform_id')
    .execute()
  return rows.map((row) => ({ platform: row.platform_id, machines: Number(row.count) }))
}

function lastingOn(db: Db, { provider, host }: HostPlace): Promise<MaintenanceTable | undefined> {
  return db
    .selectFrom('maintenances')
    .selectAll()
    .where('provider_id', '=', provider)
    .where('host', '=', host)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
}

/** Throws not_found for a host that the provider does not have. */
export async function requireHost(db: Db, { provider, host }: HostPlace): Promise<void> {
  const rows = await db
    .selectFrom('hosts')
    .select('name')
    .where('provider_id', '=', provider)
    .where('state', '!=', 'gone')
    .orderBy('name')
    .execute()
  if (rows.some(({ name }) => name === host)) return
  const known = rows.slice(0, 20).map(({ name }) => name)
  throw new ProblemError({
    code: 'not_found',
    detail: `The provider has no host ${host}.`,
    facts: { host, hosts: known },
    next: known.length > 0 ? `Its hosts are ${known.join(', ')}.` : 'It has reported no hosts yet.',
  })
}

async function tell(
  tx: Tx,
  seams: Seams,
  { provider_id, host, reason }: MaintenanceTable,
  now: 'started' | 'empty' | 'ended',
  actor: string,
  data: { readonly machines?: number } = {},
): Promise<void> {
  await appendEvent(tx, seams, {
    kind: 'host.maintenance',
    subject: { kind: 'host', id: `${provider_id}/${host}` },
    actor,
    cause: reason,
    data: { host, now, ...data },
  })
}
