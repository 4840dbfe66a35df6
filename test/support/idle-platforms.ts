// An installation at rest: platforms of five machines, all of them ready, as rows; and a provider in this process that
// shows exactly these machines. Whatever care does with it is care's own cost.

import { pagesOf } from '../../providers/simulated/world/pages.ts'
import { newId, type PlatformId, type ProviderId } from '../../src/kernel/ids.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import type { NativeRef, Observed, OwnerTag, ResourceKey, Resources, Session } from '../../src/provider/contract.ts'
import type { MachineTable, MemberTable, PlatformTable } from '../../src/store/schema.ts'
import type { Store, Tx } from '../../src/store/store.ts'
import { seedPlatform, seedProject, seedProvider, seedTenant } from './store.ts'

export const machinesEach = 5
const hosts = 50
/** Rows of one insert, COUNT: SQLite takes 32,766 values in a statement. */
const chunk = 500

export interface Idle {
  readonly provider: ProviderId
  readonly machines: ReadonlyMap<ResourceKey, Observed>
}

/** Seeds so many platforms with their machines into an empty store. */
export async function seedIdle(store: Store, seams: Seams, platforms: number): Promise<Idle> {
  const owner: string = newId('installation', seams)
  return store.write(async (tx) => {
    const installation = { id: owner, restore_epoch: 0, report_only: 0 as const, created_at: 0 }
    await tx.insertInto('installation').values(installation).execute()
    const tenant = await seedTenant(tx, seams)
    const project = await seedProject(tx, seams, tenant)
    const provider = await seedProvider(tx, seams)
    const first = await seedPlatform(tx, seams, { tenant, project }, 'p-0')
    const like = await tx.selectFrom('platforms').selectAll().where('id', '=', first).executeTakeFirstOrThrow()
    await tx.deleteFrom('platforms').where('id', '=', first).execute()
    const machines = new Map<ResourceKey, Observed>()
    for (let from = 0; from < platforms; from += chunk / machinesEach) {
      const count = Math.min(chunk / machinesEach, platforms - from)
      const some = Array.from({ length: count }, (_, index) => {
        const id = newId('platform', seams)
        return { ...like, id, name: `p-${from + index}`, state: 'ready' as const, ready_at: 0 }
      })
      for (const machine of await insertPlatforms(tx, seams, provider, owner as OwnerTag, some))
        machines.set(machine.key, machine)
    }
    return { provider, machines }
  })
}

async function insertPlatforms(
  tx: Tx,
  seams: Seams,
  provider: ProviderId,
  owner: OwnerTag,
  platforms: readonly PlatformTable[],
): Promise<Observed[]> {
  const formed = platforms.flatMap((platform) =>
    Array.from({ length: machinesEach }, (_, ordinal) => form(seams, provider, owner, platform, ordinal)),
  )
  await tx.insertInto('platforms').values(platforms).execute()
  await tx
    .insertInto('members')
    .values(formed.map(({ member }) => member))
    .execute()
  await tx
    .insertInto('machines')
    .values(formed.map(({ machine }) => machine))
    .execute()
  return formed.map(({ shown }) => shown)
}

function form(seams: Seams, provider: ProviderId, owner: OwnerTag, platform: PlatformTable, ordinal: number) {
  const name = `machine-${ordinal}@1`
  const key = `${owner}/0/${platform.id as PlatformId}/${name}` as ResourceKey
  const id = newId('machine', seams)
  const ref = `vm-${id}` as NativeRef
  const host = `host-${ordinal % hosts}`
  const member: MemberTable = {
    id: newId('member', seams),
    platform_id: platform.id,
    group_name: 'machine',
    ordinal,
    incarnation: 1,
    state: 'in',
    state_since: 0,
    cause: 'created',
    machine_id: id,
    revision: 1,
    warm_until: null,
    created_at: 0,
  }
  const machine: MachineTable = {
    id,
    tenant_id: platform.tenant_id,
    project_id: platform.project_id,
    platform_id: platform.id,
    member_id: member.id,
    member: name,
    provider_id: provider,
    resource_key: key,
    spec: '{}',
    spec_hash: 'hash',
    native_ref: ref,
    state: 'ready',
    state_since: 0,
    zone: 'zone-a',
    host,
    cpu: 1,
    memory_bytes: 2 ** 30,
    disk_bytes: 10 * 2 ** 30,
    capacity_held: 0,
    endpoints: '[]',
    addresses: '[]',
    login_user: 'root',
    host_key: '',
    host_key_secret: '',
    create_sent_at: 0,
    missing_since: null,
    ill_since: null,
    gone_at: null,
    created_at: 0,
  }
  const shown: Observed = {
    key,
    ref,
    owner,
    kind: 'machine',
    state: 'running',
    endpoints: [{ address: '10.0.0.1', port: 22 }],
    addresses: ['10.0.0.1'],
    placement: { zone: 'zone-a', host },
    specHash: 'hash',
    createdAt: 0,
  }
  return { member, machine, shown }
}

const capacity: Resources = { cpu: 1e6, memoryBytes: 2 ** 50, diskBytes: 2 ** 52 }

/** A provider that shows these machines, by a plain list or by pages. What a test does to the map it sees at once. */
export function idleSession(machines: ReadonlyMap<ResourceKey, Observed>, by: 'list' | 'pages'): Session {
  const none = (): Promise<never> => Promise.reject(new Error('nothing is made or removed here'))
  return {
    capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'uniqueName', hosts: true, power: false },
    probe: async () => ({ identity: 'idle', version: '1', latencyMs: 0, missingRights: [] }),
    async *inventory() {
      for (let index = 0; index < hosts; index++)
        yield { name: `host-${index}`, zone: 'zone-a', capacity, used: null, state: 'ready' }
    },
    create: none,
    destroy: none,
    async *observe(_owner, keys) {
      for (const { key } of keys) {
        const found = machines.get(key)
        if (found) yield found
      }
    },
    async *list() {
      yield* machines.values()
    },
    ...(by === 'pages' && {
      async *pages(_owner, known) {
        yield* pagesOf([...machines.values()], known)
      },
    }),
    async [Symbol.asyncDispose]() {},
  }
}
