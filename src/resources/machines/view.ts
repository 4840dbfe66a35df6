import { instant, z } from '../../http/schema.ts'
import { endpointsSchema } from '../../kernel/endpoint.ts'
import type { Machine } from './schemas.ts'
import type { MachineRow } from './store.ts'

const addressesSchema = z.array(z.string())

export function machineView(row: MachineRow, simulated: boolean): Machine {
  const endpoints = endpointsSchema.parse(JSON.parse(row.endpoints))
  return {
    id: row.id,
    name: row.member,
    member: `${row.group_name}-${row.ordinal}`,
    group: row.group_name,
    incarnation: row.incarnation,
    platform: row.platform_id,
    platformName: row.platform_name,
    tenant: row.tenant_id,
    project: row.project_id,
    provider: row.provider_id,
    providerName: row.provider_name,
    simulated,
    zone: row.zone,
    host: row.host,
    state: row.state,
    stateSince: instant(row.state_since),
    cpu: row.cpu,
    memoryBytes: row.memory_bytes,
    diskBytes: row.disk_bytes,
    address: addressOf(row),
    sshPort: endpoints[0]?.port ?? null,
    endpoints: endpoints.map(({ address, port }) => ({ address, port })),
    loginUser: row.login_user,
    hostKey: row.host_key,
    nativeRef: row.native_ref,
    resourceKey: row.resource_key,
    createdAt: instant(row.created_at),
    goneAt: instant(row.gone_at),
  }
}

/** What other machines of its network reach it by; where SSH answers, when the provider gave no other. */
export function addressOf(row: { readonly addresses: string; readonly endpoints: string }): string | null {
  return addressesSchema.parse(JSON.parse(row.addresses))[0] ?? sshEndpoint(row)?.address ?? null
}

export function sshEndpoint(row: { readonly endpoints: string }) {
  return endpointsSchema.parse(JSON.parse(row.endpoints))[0]
}

/** A line for known_hosts: the port is part of the name unless it is 22. */
export function knownHosts(endpoint: { readonly address: string; readonly port: number }, hostKey: string): string {
  const name = endpoint.port === 22 ? endpoint.address : `[${endpoint.address}]:${endpoint.port}`
  const [type = '', key = ''] = hostKey.split(' ')
  return `${name} ${type} ${key}`
}
