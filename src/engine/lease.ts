// One writer per platform. The lease is judged by the database's clock and carries a counter, the fence,
// that every write of the run checks: a process that slept through its lease can change nothing.

import { appendEvent } from '../events/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { RunTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Store, Tx } from '../store/store.ts'
import type { Owner, Processes } from './owner.ts'
import { ownerSchema } from './owner.ts'

export const leaseMs = 10_000
export const renewEveryMs = 3_000
/** Before each outside call at least this much of the lease is left (architecture, section 5). */
export const actMarginMs = 5_000

export class LeaseLost extends Error {
  constructor(platformId: PlatformId) {
    super(`the lease of ${platformId} is held by somebody else`)
    this.name = 'LeaseLost'
  }
}

export interface Lease {
  readonly platformId: PlatformId
  readonly fence: number
  until: number
}

const selectRun = statement((db, { platform }: { platform: PlatformId }) =>
  db.selectFrom('runs').selectAll().where('platform_id', '=', platform),
)
const updateRun = statement((db, { platform, ...set }: { platform: PlatformId } & Omit<RunTable, 'platform_id'>) =>
  db.updateTable('runs').set(set).where('platform_id', '=', platform),
)
export const selectReportOnly = statement((db) => db.selectFrom('installation').select('report_only'))

/**
 * Takes the run if it is free, expired, or its owner is dead on this machine; undefined when somebody works on it, and
 * always while the installation only reports after a restore: nothing is begun, repaired or destroyed then.
 * A run taken from another process is an event: it is why nothing happened on the platform for a while.
 */
export async function claimLease(
  tx: Tx,
  seams: Seams,
  platformId: PlatformId,
  processes: Processes,
  now: number,
): Promise<Lease | undefined> {
  const run = await selectRun.first(tx, { platform: platformId })
  if (!run || (await selectReportOnly.first(tx, {}))?.report_only === 1) return undefined
  if (run.owner !== null && (run.lease_until ?? 0) > now) {
    const owner = ownerSchema.parse(JSON.parse(run.owner))
    if (owner.process === processes.self.process || !processes.isDead(owner)) return undefined
  }
  const fence = run.fence + 1
  const until = now + leaseMs
  const owner = ownerText(processes.self)
  await updateRun.run(tx, { platform: platformId, owner, lease_until: until, fence, due_at: null })
  if (run.owner !== null) await tellTakeover(tx, seams, platformId, (run.lease_until ?? 0) > now)
  return { platformId, fence, until }
}

async function tellTakeover(tx: Tx, seams: Seams, platform: PlatformId, ownerIsDead: boolean): Promise<void> {
  const place = await tx
    .selectFrom('platforms')
    .select(['tenant_id', 'project_id'])
    .where('id', '=', platform)
    .executeTakeFirst()
  await appendEvent(tx, seams, {
    kind: 'run.taken-over',
    subject: { kind: 'platform', id: platform },
    tenant: place?.tenant_id,
    project: place?.project_id,
    platform,
    actor: 'gantry',
    cause: ownerIsDead ? 'the process that worked on it has ended' : 'the process that worked on it was not heard of',
  })
}

function ownerText(owner: Owner): string {
  return JSON.stringify(owner)
}

const selectFence = statement((db, { platform }: { platform: PlatformId }) =>
  db.selectFrom('runs').select('fence').where('platform_id', '=', platform),
)

/** Throws LeaseLost unless the fence is still the run's. Every write of a run begins with it. */
export async function assertFence(tx: Tx, lease: Lease): Promise<void> {
  const run = await selectFence.first(tx, { platform: lease.platformId })
  if (run?.fence !== lease.fence) throw new LeaseLost(lease.platformId)
}

const renewRun = statement((db, { platform, until }: { platform: PlatformId; until: number }) =>
  db.updateTable('runs').set({ lease_until: until }).where('platform_id', '=', platform).returning('due_at'),
)

/** Extends the lease; answers whether the run was woken since it was claimed. Throws LeaseLost when it was taken over. */
export async function renewLease(store: Store, lease: Lease): Promise<boolean> {
  const now = await store.now()
  const woken = await store.write(async (tx) => {
    await assertFence(tx, lease)
    const run = await renewRun.first(tx, { platform: lease.platformId, until: now + leaseMs })
    return (run?.due_at ?? Number.POSITIVE_INFINITY) <= now
  })
  lease.until = now + leaseMs
  return woken
}

const clearDue = statement((db, { platform }: { platform: PlatformId }) =>
  db.updateTable('runs').set({ due_at: null }).where('platform_id', '=', platform),
)

/** Takes note of a wake-up: called in the transaction that reads afresh what is wanted. */
export async function consumeWake(tx: Tx, lease: Lease): Promise<void> {
  await assertFence(tx, lease)
  await clearDue.run(tx, { platform: lease.platformId })
}

/** Gives the run back, due again at `dueAt` (null: only when woken); a wake-up that came meanwhile is kept. */
export async function releaseLease(tx: Tx, lease: Lease, dueAt: number | null): Promise<void> {
  const platform = lease.platformId
  const run = await selectRun.first(tx, { platform })
  if (run?.fence !== lease.fence) throw new LeaseLost(platform)
  const times = [run.due_at, dueAt].filter((time) => time !== null)
  const due_at = times.length > 0 ? Math.min(...times) : null
  await updateRun.run(tx, { platform, owner: null, lease_until: null, fence: run.fence, due_at })
}

const upsertDue = statement((db, { platform, at }: { platform: PlatformId; at: number }) =>
  db
    .insertInto('runs')
    .values({ platform_id: platform, due_at: at, owner: null, lease_until: null, fence: 0 })
    .onConflict((conflict) => conflict.column('platform_id').doUpdateSet({ due_at: at })),
)

/** Makes a run due; called in the transaction that changes what is wanted, so that a crash cannot lose the wake-up. */
export async function makeDue(tx: Tx, platformId: PlatformId, at: number): Promise<void> {
  await upsertDue.run(tx, { platform: platformId, at })
}
