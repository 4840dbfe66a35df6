import { z } from 'zod'
import type { MemberFacts } from '../blueprints/index.ts'
import { endpointsSchema } from '../kernel/endpoint.ts'
import type { PlatformId, ProjectId, TenantId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { CheckedMachine } from './checked-machines.ts'

/** A step that was done on a machine, with what is needed to ask whether it still is. */
export interface Verified {
  readonly platformId: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly platform: string
  /** Of its record. */
  readonly key: string
  /** When it was done, ms since 1970; null: not known. */
  readonly finishedAt: number | null
  /** Of the blueprint of its platform. */
  readonly digest: string
  readonly facts: MemberFacts
  /** The plain `with` it was done with, by name in the environment. */
  readonly input: Readonly<Record<string, string>>
  readonly machine: Pick<CheckedMachine, 'id' | 'endpoints' | 'loginUser' | 'hostKey' | 'sshSecret'>
}

const inputSchema = z.object({ with: z.record(z.string(), z.string()).optional() })
const addressesSchema = z.array(z.string())

/** Where the step is done and nothing else is known; also of paused platforms, which are told of drift as well. */
export async function loadVerified(db: Db, digest: string, step: string): Promise<Verified[]> {
  const rows = await selectVerified.all(db, { digest, key: `script/%/${step}` })
  return rows.map((row) => {
    const endpoints = endpointsSchema.parse(JSON.parse(row.endpoints))
    const address = addressesSchema.parse(JSON.parse(row.addresses))[0] ?? endpoints[0]?.address ?? ''
    return {
      platformId: row.platform_id,
      tenantId: row.tenant_id,
      projectId: row.project_id,
      platform: row.name,
      key: row.key,
      finishedAt: row.finished_at,
      digest: row.blueprint_digest,
      facts: { ref: row.member, group: row.group_name, ordinal: row.ordinal, address, zone: row.zone },
      input: inputSchema.parse(JSON.parse(row.input)).with ?? {},
      machine: {
        id: row.id,
        endpoints,
        loginUser: row.login_user,
        hostKey: row.host_key,
        sshSecret: row.ssh_secret,
      },
    }
  })
}

const selectVerified = statement((db, { digest, key }: { digest: string; key: string }) =>
  db
    .selectFrom('records')
    .innerJoin('machines', (join) =>
      join.onRef('machines.platform_id', '=', 'records.platform_id').onRef('machines.member', '=', 'records.member'),
    )
    .innerJoin('members', 'members.machine_id', 'machines.id')
    .innerJoin('platforms', 'platforms.id', 'records.platform_id')
    .select(['records.platform_id', 'machines.tenant_id', 'machines.project_id', 'platforms.name', 'records.key'])
    .select(['machines.member', 'group_name', 'ordinal', 'addresses', 'zone', 'records.input', 'machines.id'])
    .select(['endpoints', 'login_user', 'host_key', 'ssh_secret', 'finished_at', 'blueprint_digest'])
    .where('platforms.blueprint_digest', '=', digest)
    .where('platforms.want', '=', 'present')
    .where('platforms.state', 'in', ['ready', 'changing', 'degraded', 'blocked', 'paused'])
    .where('members.state', '=', 'in')
    .where('machines.state', 'in', ['ready', 'unhealthy'])
    .where('missing_since', 'is', null)
    .where('records.key', 'like', key)
    .where('records.status', '=', 'done')
    .where('suspect', 'is', null),
)
