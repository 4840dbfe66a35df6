import type { Scope } from '../../access/index.ts'
import { appendEvent } from '../../events/index.ts'
import type { PlatformId, ProjectId, TenantId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { PlatformState } from '../../kernel/states.ts'
import type { Db, PlatformTable, Tx } from '../../store/index.ts'
import { type ListRequest, page } from '../listing.ts'
import { missing } from '../missing.ts'
import { givingName } from '../name-taken.ts'

export interface PlatformRow extends PlatformTable {
  readonly blueprint_name: string
  readonly blueprint_version: string
}

function platforms(db: Db, scope: Scope) {
  let query = db
    .selectFrom('platforms')
    .innerJoin('blueprints', 'blueprints.digest', 'platforms.blueprint_digest')
    .selectAll('platforms')
    .select(['blueprints.name as blueprint_name', 'blueprints.blueprint_version'])
  if (scope.tenant !== null) query = query.where('platforms.tenant_id', '=', scope.tenant)
  if (scope.project !== null) query = query.where('platforms.project_id', '=', scope.project)
  if (scope.platform !== null) query = query.where('platforms.id', '=', scope.platform)
  return query
}

export interface PlatformFilter extends ListRequest {
  readonly tenant?: TenantId | undefined
  readonly project?: ProjectId | undefined
  /** Name of a blueprint. */
  readonly blueprint?: string | undefined
  /** Deleted ones are absent unless asked for. */
  readonly state?: PlatformState | undefined
}

/** One more than the page. */
export function listPlatforms(db: Db, scope: Scope, filter: PlatformFilter): Promise<PlatformRow[]> {
  let query = platforms(db, scope)
  if (filter.tenant !== undefined) query = query.where('platforms.tenant_id', '=', filter.tenant)
  if (filter.project !== undefined) query = query.where('platforms.project_id', '=', filter.project)
  if (filter.blueprint !== undefined) query = query.where('blueprints.name', '=', filter.blueprint)
  query =
    filter.state === undefined
      ? query.where('platforms.state', '!=', 'deleted')
      : query.where('platforms.state', '=', filter.state)
  return page(query, 'platforms', filter).execute()
}

/** Throws not_found; a deleted one is still found. */
export async function getPlatform(db: Db, scope: Scope, id: PlatformId): Promise<PlatformRow> {
  return (await platforms(db, scope).where('platforms.id', '=', id).executeTakeFirst()) ?? missing('platform', id)
}

/** Throws wrong_state for one that is being, or was, deleted, and name_taken. */
export async function changePlatform(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  row: PlatformRow,
  wish: {
    readonly name?: string | undefined
    readonly labels?: Record<string, string> | undefined
    readonly deletionProtection?: boolean | undefined
  },
): Promise<void> {
  if (row.want === 'absent') {
    throw new ProblemError({
      code: 'wrong_state',
      detail: `Platform ${row.name} is ${row.state}.`,
      next: 'What is on its way out cannot be changed; create another.',
    })
  }
  const name = wish.name ?? row.name
  const set = {
    name,
    labels: wish.labels ? JSON.stringify(wish.labels) : row.labels,
    deletion_protection: flag(wish.deletionProtection) ?? row.deletion_protection,
    version: row.version + 1,
  }
  await givingName('platform', 'platforms', name, () =>
    tx.updateTable('platforms').set(set).where('id', '=', row.id).execute(),
  )
  await appendEvent(tx, seams, {
    kind: 'platform.changed',
    subject: { kind: 'platform', id: row.id },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    actor: scope.actor,
    data: {
      ...(wish.name === undefined ? {} : { name }),
      ...(wish.labels ? { labels: wish.labels } : {}),
      ...(wish.deletionProtection === undefined ? {} : { deletionProtection: wish.deletionProtection }),
    },
  })
}

export interface MachineCount {
  readonly wanted: number
  readonly ready: number
  readonly kinds: readonly string[]
}

/** Of each platform: machines that are wanted and ready, and of which provider kinds they are. */
export async function countMachines(db: Db, ids: readonly PlatformId[]): Promise<Map<PlatformId, MachineCount>> {
  const counts = new Map<PlatformId, MachineCount>()
  if (ids.length === 0) return counts
  const rows = await db
    .selectFrom('members')
    .innerJoin('machines', 'machines.id', 'members.machine_id')
    .innerJoin('providers', 'providers.id', 'machines.provider_id')
    .select((eb) => [
      'members.platform_id',
      'members.state as member_state',
      'machines.state as machine_state',
      'providers.kind',
      eb.fn.countAll<number>().as('count'),
    ])
    .where('members.platform_id', 'in', ids)
    .where('members.state', '!=', 'gone')
    .where('members.warm_until', 'is', null)
    .groupBy(['members.platform_id', 'members.state', 'machines.state', 'providers.kind'])
    .execute()
  for (const row of rows) {
    const before = counts.get(row.platform_id) ?? { wanted: 0, ready: 0, kinds: [] }
    const wanted = row.member_state !== 'leaving'
    const ready = row.machine_state === 'ready' && (row.member_state === 'in' || row.member_state === 'changing')
    counts.set(row.platform_id, {
      wanted: before.wanted + (wanted ? Number(row.count) : 0),
      ready: before.ready + (ready ? Number(row.count) : 0),
      kinds: [...before.kinds, row.kind],
    })
  }
  return counts
}

/** Problems of a platform that are open, oldest first. */
export function openProblems(db: Db, id: PlatformId) {
  return db
    .selectFrom('problems')
    .selectAll()
    .where('platform_id', '=', id)
    .where('resolved_at', 'is', null)
    .orderBy('since')
    .execute()
}

/** Its living members with their machines, by group, ordinal and incarnation. */
export function livingMembers(db: Db, id: PlatformId) {
  return db
    .selectFrom('members')
    .innerJoin('machines', 'machines.id', 'members.machine_id')
    .innerJoin('providers', 'providers.id', 'machines.provider_id')
    .select(['members.group_name', 'members.ordinal', 'members.incarnation', 'members.state', 'members.cause'])
    .select(['machines.id as machine', 'machines.state as machine_state', 'machines.zone', 'machines.host'])
    .select(['machines.endpoints', 'machines.addresses', 'providers.id as provider', 'providers.name as provider_name'])
    .where('members.platform_id', '=', id)
    .where('members.state', '!=', 'gone')
    .orderBy('members.group_name')
    .orderBy('members.ordinal')
    .orderBy('members.incarnation')
    .execute()
}

function flag(value: boolean | undefined): 0 | 1 | undefined {
  if (value === undefined) return undefined
  return value ? 1 : 0
}
