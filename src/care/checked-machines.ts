import type { Endpoint } from '../kernel/endpoint.ts'
import { endpointsSchema } from '../kernel/endpoint.ts'
import type { MachineId, PlatformId, ProjectId, TenantId } from '../kernel/ids.ts'
import type { MachineState } from '../kernel/states.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'

/** A machine whose group has a check, with what is needed to speak to it and to recognise it. */
export interface CheckedMachine {
  readonly id: MachineId
  readonly platformId: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  /** Of the blueprint of its platform. */
  readonly digest: string
  readonly group: string
  readonly member: string
  readonly state: MachineState
  /** ms since 1970. */
  readonly stateSince: number
  readonly endpoints: readonly Endpoint[]
  readonly loginUser: string
  readonly hostKey: string
  /** Reference of the platform's private key. */
  readonly sshSecret: string
}

/** Machines that serve in platforms of this blueprint; whoever is being made, changed or removed is left alone. */
export async function loadCheckedMachines(db: Db, digest: string): Promise<CheckedMachine[]> {
  const rows = await selectChecked.all(db, { digest })
  return rows.map((row) => ({
    id: row.id,
    platformId: row.platform_id,
    tenantId: row.tenant_id,
    projectId: row.project_id,
    digest: row.blueprint_digest,
    group: row.group_name,
    member: row.member,
    state: row.state,
    stateSince: row.state_since,
    endpoints: endpointsSchema.parse(JSON.parse(row.endpoints)),
    loginUser: row.login_user,
    hostKey: row.host_key,
    sshSecret: row.ssh_secret,
  }))
}

const selectChecked = statement((db, { digest }: { digest: string }) =>
  db
    .selectFrom('machines')
    .innerJoin('members', 'members.machine_id', 'machines.id')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .select(['machines.id', 'machines.platform_id', 'machines.tenant_id', 'machines.project_id', 'machines.member'])
    .select([
      'machines.state',
      'machines.state_since',
      'endpoints',
      'login_user',
      'host_key',
      'group_name',
      'blueprint_digest',
      'ssh_secret',
    ])
    .where('platforms.blueprint_digest', '=', digest)
    .where('platforms.want', '=', 'present')
    .where('platforms.state', 'in', ['building', 'ready', 'changing', 'degraded', 'blocked'])
    .where('members.state', '=', 'in')
    .where('machines.state', 'in', ['ready', 'unhealthy'])
    .where('missing_since', 'is', null),
)
