// A store of its own for each test, on a real file, and the few rows that nearly every test stands on.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type MachineId,
  type MemberId,
  newId,
  type PlatformId,
  type ProjectId,
  type ProviderId,
  type TenantId,
} from '../../src/kernel/ids.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import { openStore, type StoreOptions } from '../../src/store/open.ts'
import type { Store, Tx } from '../../src/store/store.ts'

export interface TestStore extends AsyncDisposable {
  readonly store: Store
  readonly seams: Seams
  readonly path: string
}

/** Opens a fresh file in a temporary folder that goes with it. `synchronous` is OFF unless asked for. */
export async function testStore(seams: Seams = realSeams(), options: StoreOptions = {}): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-store-'))
  const path = join(folder, 'gantry.db')
  const store = await openStore(`sqlite:${path}`, seams, { synchronous: 'OFF', ...options })
  return {
    store,
    seams,
    path,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export async function seedTenant(tx: Tx, seams: Seams, name = 'tenant-a'): Promise<TenantId> {
  const id = newId('tenant', seams)
  const row = { name, labels: '{}', version: 1, created_at: seams.clock.now(), deleted_at: null }
  await tx
    .insertInto('tenants')
    .values({ id, ...row })
    .execute()
  return id
}

export async function seedProject(tx: Tx, seams: Seams, tenant: TenantId, name = 'shop'): Promise<ProjectId> {
  const id = newId('project', seams)
  const row = { name, labels: '{}', version: 1, created_at: seams.clock.now(), deleted_at: null }
  await tx
    .insertInto('projects')
    .values({ id, tenant_id: tenant, ...row })
    .execute()
  return id
}

export async function seedProvider(tx: Tx, seams: Seams, name = 'dc1'): Promise<ProviderId> {
  const id = newId('provider', seams)
  const now = seams.clock.now()
  await tx
    .insertInto('providers')
    .values({
      id,
      name,
      kind: 'simulated',
      config: '{}',
      images: '{}',
      overcommit: '{"cpu":1,"memory":1,"disk":1}',
      rate_limit: null,
      prices: null,
      state: 'healthy',
      state_since: now,
      state_reason: null,
      facts: '{}',
      labels: '{}',
      version: 1,
      last_scan_at: null,
      created_at: now,
      deleted_at: null,
    })
    .execute()
  return id
}

/** A platform in state pending, with its blueprint row (digest `sha256:test`). */
export async function seedPlatform(
  tx: Tx,
  seams: Seams,
  owner: { readonly tenant: TenantId; readonly project: ProjectId },
  name = 'team-a',
): Promise<PlatformId> {
  const id = newId('platform', seams)
  const now = seams.clock.now()
  const digest = 'sha256:test'
  await tx
    .insertInto('blueprints')
    .values({ digest, name: 'test', blueprint_version: '1.0.0', document: '{}', files: '{}', created_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await tx
    .insertInto('platforms')
    .values({
      id,
      tenant_id: owner.tenant,
      project_id: owner.project,
      name,
      blueprint_digest: digest,
      spec: '{}',
      labels: '{}',
      generation: 1,
      want: 'present',
      state: 'pending',
      state_since: now,
      state_reason: null,
      deletion_protection: 0,
      ssh_public_key: '',
      ssh_secret: '',
      outputs: '{}',
      version: 1,
      created_at: now,
      ready_at: null,
      deleted_at: null,
    })
    .execute()
  return id
}

/** A machine of 1 CPU, 1 GiB and 10 GiB in state planned, for member worker-0@1, on no host unless told. */
export async function seedMachine(
  tx: Tx,
  machine: {
    readonly id: MachineId
    readonly tenant: TenantId
    readonly project: ProjectId
    readonly platform: PlatformId
    readonly member: MemberId
    readonly provider: ProviderId
    readonly host?: string
  },
): Promise<void> {
  await tx
    .insertInto('machines')
    .values({
      id: machine.id,
      tenant_id: machine.tenant,
      project_id: machine.project,
      platform_id: machine.platform,
      member_id: machine.member,
      member: 'worker-0@1',
      provider_id: machine.provider,
      resource_key: `test/${machine.id}`,
      spec: '{}',
      spec_hash: '',
      native_ref: null,
      state: 'planned',
      state_since: 0,
      zone: 'zone-a',
      host: machine.host ?? null,
      cpu: 1,
      memory_bytes: 2 ** 30,
      disk_bytes: 10 * 2 ** 30,
      capacity_held: 0,
      endpoints: '[]',
      addresses: '[]',
      login_user: 'root',
      host_key: '',
      host_key_secret: '',
      create_sent_at: null,
      missing_since: null,
      gone_at: null,
      created_at: 0,
    })
    .execute()
}
