// What we remember to have asked a provider for, by key.

import type { MachineId, PlatformId, ProjectId, ProviderId, TenantId } from '../kernel/ids.ts'
import type { MachineState, MemberState } from '../kernel/states.ts'
import type { Observed, OwnerTag, ResourceKey, Session } from '../provider/contract.ts'
import type { Db } from '../store/store.ts'
import type { ProblemPlace } from './problems.ts'

export interface Remembered {
  readonly id: MachineId
  readonly platformId: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly member: string
  readonly state: MachineState
  readonly memberState: MemberState
  readonly key: ResourceKey
  readonly missingSince: number | null
}

/** The machines that are not gone, by key. */
export function loadLiving(db: Db, provider: ProviderId): Promise<Map<string, Remembered>> {
  return byKey(machinesOf(db, provider).where('machines.state', '!=', 'deleted').execute())
}

/** Whatever was remembered under a key, tombstones too. */
export async function findRemembered(db: Db, provider: ProviderId, key: string): Promise<Remembered | undefined> {
  return (await byKey(machinesOf(db, provider).where('resource_key', '=', key).execute())).get(key)
}

type Row = Omit<Remembered, 'key'> & { readonly resourceKey: string }

function machinesOf(db: Db, provider: ProviderId) {
  return db
    .selectFrom('machines')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .select(['machines.id', 'machines.platform_id as platformId', 'machines.tenant_id as tenantId'])
    .select(['machines.project_id as projectId', 'machines.member', 'machines.state', 'resource_key as resourceKey'])
    .select(['members.state as memberState', 'missing_since as missingSince'])
    .where('machines.provider_id', '=', provider)
}

async function byKey(rows: Promise<readonly Row[]>): Promise<Map<string, Remembered>> {
  return new Map(
    (await rows).map(({ resourceKey, ...row }) => [resourceKey, { ...row, key: resourceKey as ResourceKey }]),
  )
}

export function placeOf({ platformId, tenantId, projectId }: Remembered): ProblemPlace {
  return { id: platformId, tenantId, projectId }
}

/** Objects by key. Of a list that may have grown old, or of a fresh look at some keys. */
export async function groupByKey(objects: AsyncIterable<Observed>): Promise<Map<string, Observed[]>> {
  const seen = new Map<string, Observed[]>()
  for await (const object of objects) {
    const known = seen.get(object.key)
    if (known) known.push(object)
    else seen.set(object.key, [object])
  }
  return seen
}

/** A fresh look at these keys alone. Throws ProviderFault. */
export async function lookAt(
  session: Session,
  owner: OwnerTag,
  keys: readonly ResourceKey[],
  signal: AbortSignal,
): Promise<Map<string, Observed[]>> {
  if (keys.length === 0) return new Map()
  return groupByKey(
    session.observe(
      owner,
      keys.map((key) => ({ key })),
      signal,
    ),
  )
}
