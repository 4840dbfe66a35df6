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
  /** What its provider calls it; null as long as nobody has seen it. */
  readonly nativeRef: string | null
  readonly missingSince: number | null
  /** Of the request it was made by. */
  readonly specHash: string
}

/** The machines that are not gone, by key. */
export function loadLiving(db: Db, provider: ProviderId): Promise<Map<string, Remembered>> {
  return byKey(machinesOf(db, provider).where('machines.state', '!=', 'deleted').execute())
}

/** Keys asked for in one query at most, COUNT. */
const chunk = 500

/** Those of these keys whose machines are not gone. */
export async function loadLivingOf(
  db: Db,
  provider: ProviderId,
  keys: ReadonlySet<string>,
): Promise<Map<string, Remembered>> {
  const all = [...keys]
  const found = new Map<string, Remembered>()
  for (let from = 0; from < all.length; from += chunk) {
    const some = machinesOf(db, provider)
      .where('machines.state', '!=', 'deleted')
      .where('resource_key', 'in', all.slice(from, from + chunk))
    for (const [key, machine] of await byKey(some.execute())) found.set(key, machine)
  }
  return found
}

/** Keys of the provider's machines that changed in our books after event `after`, up to `upTo`. */
export async function changedKeys(db: Db, provider: ProviderId, after: number, upTo: number): Promise<Set<string>> {
  const changed = await changedMachines(db, after, upTo)
  const keys = new Set<string>()
  for (let from = 0; from < changed.length; from += chunk) {
    const rows = await db
      .selectFrom('machines')
      .select('resource_key')
      .where('id', 'in', changed.slice(from, from + chunk))
      .where('provider_id', '=', provider)
      .execute()
    for (const row of rows) keys.add(row.resource_key)
  }
  return keys
}

// The event log tells, so that nobody who changes a machine need think of scans.
async function changedMachines(db: Db, after: number, upTo: number): Promise<MachineId[]> {
  const rows = await db
    .selectFrom('events')
    .select('machine_id')
    .distinct()
    .where('seq', '>', after)
    .where('seq', '<=', upTo)
    .where('kind', 'in', ['member.created', 'member.state', 'machine.state'])
    .where('machine_id', 'is not', null)
    .execute()
  return rows.flatMap(({ machine_id }) => machine_id ?? [])
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
    .select([
      'members.state as memberState',
      'missing_since as missingSince',
      'native_ref as nativeRef',
      'spec_hash as specHash',
    ])
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
