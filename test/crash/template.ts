// What every life begins with: the rows of an installation with one provider, tenant and project, in a file
// that is made once and copied.

import { join } from 'node:path'
import { type BlueprintFiles, parseBlueprint } from '../../src/blueprints/index.ts'
import { newId, type ProjectId, type ProviderId, type TenantId } from '../../src/kernel/ids.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import { ourUseOf, saveInventory } from '../../src/placement/index.ts'
import { quotaKeys, setLimit, setShare } from '../../src/quota/index.ts'
import { openVault } from '../../src/secrets/index.ts'
import { openStore } from '../../src/store/open.ts'
import type { Tx } from '../../src/store/store.ts'
import { makeFolder } from '../support/folder.ts'
import { memorySession, memoryWorld } from '../support/memory-world.ts'
import { seedProject, seedProvider, seedTenant } from '../support/store.ts'
import { virtualClock } from '../support/virtual-clock.ts'

export const masterKey = new Uint8Array(32).fill(7)
const gib = 2 ** 30

/** Seeded rows of an installation with one provider, tenant and project, to be copied for every life. */
export interface Template {
  readonly path: string
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly providerId: ProviderId
  readonly files: BlueprintFiles
  readonly startMs: number
  dispose(): void
}

export async function makeTemplate(files: BlueprintFiles): Promise<Template> {
  const folder = makeFolder()
  const path = join(folder.path, 'template.db')
  const clock = virtualClock(1)
  const { seams } = clock
  const store = await openStore(`sqlite:${path}`, seams, { synchronous: 'OFF' })
  await openVault(store, masterKey, seams)
  const world = memoryWorld(clock)
  const reports = await Array.fromAsync(memorySession(world).inventory(new AbortController().signal))
  const ids = await clock.runUntil(
    store.write(async (tx) => {
      await tx
        .insertInto('installation')
        .values({ id: newId('installation', seams), restore_epoch: 1, report_only: 0, created_at: 0 })
        .execute()
      const tenantId = await seedTenant(tx, seams)
      const projectId = await seedProject(tx, seams, tenantId)
      const providerId = await seedProvider(tx, seams)
      const images = { 'debian-12': { ref: 'debian-12', user: 'root' } }
      await tx
        .updateTable('providers')
        .set({ images: JSON.stringify(images) })
        .where('id', '=', providerId)
        .execute()
      await saveInventory(tx, seams, providerId, reports, await ourUseOf(tx, providerId))
      await seedQuota(tx, seams, tenantId, projectId)
      const { blueprint, digest } = parseBlueprint(files)
      await tx
        .insertInto('blueprints')
        .values({
          digest,
          name: blueprint.document.name,
          blueprint_version: blueprint.document.version,
          document: JSON.stringify(blueprint.document),
          files: JSON.stringify(files),
          created_at: 0,
        })
        .execute()
      return { tenantId, projectId, providerId }
    }),
  )
  await store[Symbol.asyncDispose]()
  return { path, ...ids, files, startMs: clock.now(), dispose: () => folder[Symbol.dispose]() }
}

/** A ticket of 1,000 of everything, all of it the project's share. */
async function seedQuota(tx: Tx, seams: Seams, tenant: TenantId, project: ProjectId): Promise<void> {
  const ticket = newId('ticket', seams)
  const row = { name: 'gold', labels: '{}', version: 1, created_at: 0, deleted_at: null }
  await tx
    .insertInto('tickets')
    .values({ id: ticket, tenant_id: tenant, ...row })
    .execute()
  for (const key of Object.values(quotaKeys)) {
    const amount = key === 'vm.memory' || key === 'disk.capacity' ? 1_000 * gib * 20 : 1_000
    await setLimit(tx, { ticket, key, amount })
    await setShare(tx, { ticket, project, key, amount })
  }
}
