import { z } from 'zod'
import { resolveProblem } from '../../care/index.ts'
import { appendEvent } from '../../events/index.ts'
import { instant } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Db, LeaseTable, PlatformTable, Tx } from '../../store/index.ts'
import type { Lease, LeasePut } from './schemas.ts'

/** When somebody is reminded, ms before the expiry. */
export const reminders: readonly number[] = [7 * 86_400_000, 86_400_000, 3_600_000]

export const remindedSchema = z.array(z.number())
export const watchSchema = z.object({ lastsMs: z.number(), at: z.number() }).nullable()

/** Of a platform what its lease is about. */
export type LeasedPlatform = Pick<PlatformTable, 'id' | 'tenant_id' | 'project_id' | 'deletion_protection'>

/** Throws invalid_request, pointing below `at`, for an expiry that has passed. */
export function checkLease({ expiresAt }: z.output<typeof LeasePut>, now: number, at = ''): void {
  if (expiresAt !== null && Date.parse(expiresAt) <= now) throw passed(at)
}

/** Sets, renews or ends the lease. Throws invalid_request for an expiry that has passed. */
export async function setLease(
  tx: Tx,
  seams: Seams,
  actor: string,
  row: LeasedPlatform,
  wish: z.output<typeof LeasePut>,
): Promise<void> {
  const now = seams.clock.now()
  checkLease(wish, now)
  const expires = wish.expiresAt === null ? null : Date.parse(wish.expiresAt)
  const before = await tx.selectFrom('leases').selectAll().where('platform_id', '=', row.id).executeTakeFirst()
  await tx.deleteFrom('leases').where('platform_id', '=', row.id).execute()
  if (before) await leaseIsOpen(tx, seams, row)
  if (expires !== null) {
    await tx
      .insertInto('leases')
      .values({
        platform_id: row.id,
        expires_at: expires,
        grace_ms: wish.graceSeconds * 1000,
        // Whoever sets it to end in an hour need not be told so now.
        reminded: JSON.stringify(reminders.filter((ms) => now >= expires - ms)),
        expired_at: null,
        hibernated: 0,
        watched: null,
      })
      .execute()
  }
  await appendEvent(tx, seams, {
    kind: 'lease.renewed',
    subject: { kind: 'platform', id: row.id },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    actor,
    data: { from: instant(before?.expires_at ?? null), to: instant(expires), graceSeconds: wish.graceSeconds },
  })
}

/** The problem of a lease that is over is none any more. */
export async function leaseIsOpen(tx: Tx, seams: Seams, row: LeasedPlatform): Promise<void> {
  const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
  const problem = { subject: 'lease', code: 'lease_expired', machineId: null } as const
  await resolveProblem(tx, seams, place, problem, 'the lease is not over')
}

export async function showLease(db: Db, row: LeasedPlatform): Promise<Lease> {
  const lease = await db.selectFrom('leases').selectAll().where('platform_id', '=', row.id).executeTakeFirst()
  return {
    expiresAt: instant(lease?.expires_at ?? null),
    graceSeconds: (lease?.grace_ms ?? 0) / 1000,
    expired: lease !== undefined && lease.expired_at !== null,
    deletedInSeconds: lease && lease.expired_at !== null ? Math.ceil(graceLeft(lease) / 1000) : null,
    protected: row.deletion_protection === 1,
  }
}

/** What is left of the grace, ms. */
function graceLeft({ grace_ms, watched }: LeaseTable): number {
  const seen = watched === null ? null : watchSchema.parse(JSON.parse(watched))
  return Math.max(0, grace_ms - (seen?.lastsMs ?? 0))
}

function passed(at: string): ProblemError {
  const detail = 'expiresAt has passed already.'
  return new ProblemError({
    code: 'invalid_request',
    detail,
    errors: [{ pointer: `${at}/expiresAt`, detail }],
    next: 'Give a time in the future; to be rid of the platform now, delete it.',
  })
}
