import type { Scope } from '../../access/index.ts'
import type { MachineId, PlatformId, ProjectId, ProviderId, TenantId } from '../../kernel/ids.ts'
import type { MachineState } from '../../kernel/states.ts'
import type { Db, MachineTable } from '../../store/index.ts'
import { missing } from '../missing.ts'

export interface MachineRow extends MachineTable {
  readonly platform_name: string
  readonly provider_name: string
  readonly provider_kind: string
  readonly group_name: string
  readonly ordinal: number
  readonly incarnation: number
}

export interface MachineFilter {
  readonly tenant?: TenantId | undefined
  readonly project?: ProjectId | undefined
  readonly platform?: PlatformId | undefined
  readonly provider?: ProviderId | undefined
  readonly host?: string | undefined
  /** Deleted ones are absent unless asked for. */
  readonly state?: MachineState | undefined
  /** `worker-1` or, with its incarnation, `worker-1@2`. */
  readonly name?: string | undefined
  readonly after?: MachineId | undefined
  readonly limit?: number | undefined
}

function machines(db: Db, scope: Scope) {
  let query = db
    .selectFrom('machines')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .innerJoin('providers', 'providers.id', 'machines.provider_id')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .selectAll('machines')
    .select(['platforms.name as platform_name', 'providers.name as provider_name', 'providers.kind as provider_kind'])
    .select(['members.group_name', 'members.ordinal', 'members.incarnation'])
  if (scope.tenant !== null) query = query.where('machines.tenant_id', '=', scope.tenant)
  if (scope.project !== null) query = query.where('machines.project_id', '=', scope.project)
  if (scope.platform !== null) query = query.where('machines.platform_id', '=', scope.platform)
  return query
}

/** By age. */
export function listMachines(db: Db, scope: Scope, filter: MachineFilter): Promise<MachineRow[]> {
  let query = machines(db, scope)
  if (filter.tenant !== undefined) query = query.where('machines.tenant_id', '=', filter.tenant)
  if (filter.project !== undefined) query = query.where('machines.project_id', '=', filter.project)
  if (filter.platform !== undefined) query = query.where('machines.platform_id', '=', filter.platform)
  if (filter.provider !== undefined) query = query.where('machines.provider_id', '=', filter.provider)
  if (filter.host !== undefined) query = query.where('machines.host', '=', filter.host)
  if (filter.after !== undefined) query = query.where('machines.id', '>', filter.after)
  const { name } = filter
  if (name !== undefined) {
    query = query.where((eb) =>
      name.includes('@') ? eb('machines.member', '=', name) : eb('machines.member', 'like', `${likeText(name)}@%`),
    )
  }
  query =
    filter.state === undefined
      ? query.where('machines.state', '!=', 'deleted')
      : query.where('machines.state', '=', filter.state)
  query = query.orderBy('machines.id')
  return (filter.limit === undefined ? query : query.limit(filter.limit)).execute()
}

/** Throws not_found; a deleted one is still found. */
export async function getMachine(db: Db, scope: Scope, id: MachineId): Promise<MachineRow> {
  return (await machines(db, scope).where('machines.id', '=', id).executeTakeFirst()) ?? missing('machine', id)
}

/** Member names are lower case letters, digits and hyphens: nothing in one is a pattern. */
function likeText(name: string): string {
  return name.replaceAll(/[^a-z0-9-]/g, '')
}
