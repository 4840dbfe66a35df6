// A lease that ends: reminders, then its machines are stopped, then it is deleted. The clock of the wall says when it is
// over, and may be wrong; what cannot be undone waits until the whole grace was watched to pass, look by look.

import { ownScope } from '../../access/index.ts'
import { openProblem } from '../../care/index.ts'
import { isStill } from '../../engine/index.ts'
import { instant } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { lookedAgain } from '../../kernel/watched.ts'
import type { LeaseTable, Tx } from '../../store/index.ts'
import { hibernate, type PlatformRow, removePlatform } from '../platforms/index.ts'
import { leaseIsOpen, remindedSchema, reminders, watchSchema } from '../terms/index.ts'
import type { KeepDeps } from './keep-deps.ts'
import { tell } from './tell.ts'

/** Why, as its events say. */
const cause = 'its lease'

/** So much of the time between two looks counts as watched, ms: more than lies between two of ours. */
const gapMs = 60_000

/** True when something was begun: then the engine is to be woken. */
export async function keepLease(deps: KeepDeps, tx: Tx, row: PlatformRow): Promise<boolean> {
  const lease = await tx.selectFrom('leases').selectAll().where('platform_id', '=', row.id).executeTakeFirst()
  if (!lease) return false
  return deps.seams.clock.now() < lease.expires_at ? remind(deps, tx, row, lease) : expire(deps, tx, row, lease)
}

async function remind(deps: KeepDeps, tx: Tx, row: PlatformRow, lease: LeaseTable): Promise<boolean> {
  const now = deps.seams.clock.now()
  const given = remindedSchema.parse(JSON.parse(lease.reminded))
  const due = reminders.filter((ms) => now >= lease.expires_at - ms && !given.includes(ms))
  // The clock that called it over was wrong.
  const reopened = lease.expired_at !== null
  if (reopened) await leaseIsOpen(tx, deps.seams, row)
  if (due.length > 0)
    await tell(deps, tx, row, {
      kind: 'lease.reminder',
      cause,
      data: {
        expiresAt: instant(lease.expires_at),
        leftSeconds: Math.floor((lease.expires_at - now) / 1000),
      },
    })
  if (due.length === 0 && !reopened) return false
  await write(tx, row, {
    reminded: JSON.stringify([...given, ...due]),
    expired_at: null,
    hibernated: 0,
    watched: null,
  })
  return false
}

async function expire(deps: KeepDeps, tx: Tx, row: PlatformRow, lease: LeaseTable): Promise<boolean> {
  const now = deps.seams.clock.now()
  if (lease.expired_at === null)
    await tell(deps, tx, row, {
      kind: 'lease.expired',
      cause,
      data: {
        expiresAt: instant(lease.expires_at),
        graceSeconds: lease.grace_ms / 1000,
      },
    })
  const before = lease.watched === null ? null : watchSchema.parse(JSON.parse(lease.watched))
  const watch = lookedAgain(before, now, gapMs)
  const over = watch.lastsMs >= lease.grace_ms
  if (over && !(await mayGo(deps, tx, row))) {
    // Whoever takes the protection away has the whole grace to think again.
    await write(tx, row, { watched: JSON.stringify(lookedAgain(null, now, gapMs)) })
    return false
  }
  const begun = over ? await end(deps, tx, row) : lease.hibernated === 0 && (await stop(deps, tx, row))
  await write(tx, row, {
    expired_at: lease.expired_at ?? now,
    hibernated: lease.hibernated === 1 || begun ? 1 : 0,
    watched: JSON.stringify(watch),
  })
  return begun
}

/** A protected platform, and one that a person has stopped, is not deleted by a lease; a problem says so. */
async function mayGo({ seams }: KeepDeps, tx: Tx, row: PlatformRow): Promise<boolean> {
  const why =
    row.deletion_protection === 1 ? 'it is protected from deletion' : isStill(row.state) ? `it is ${row.state}` : null
  if (why === null) return true
  const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
  await openProblem(tx, seams, place, {
    subject: 'lease',
    machineId: null,
    code: 'lease_expired',
    detail: `The lease of ${row.name} is over, and it is not deleted because ${why}. Renew the lease (gantry platform lease ${row.name} --for 30d) or delete the platform.`,
    resolutions: ['renew', 'delete'],
  })
  return false
}

async function end(deps: KeepDeps, tx: Tx, row: PlatformRow): Promise<boolean> {
  await tell(deps, tx, row, { kind: 'lease.ended', cause, data: {} })
  await removePlatform(deps, tx, ownScope(row.tenant_id, row.project_id, row.id), row)
  return true
}

/** Its machines are stopped where that is possible; where it is not yet, it is asked again. */
async function stop(deps: KeepDeps, tx: Tx, row: PlatformRow): Promise<boolean> {
  if (row.state === 'hibernated') return true
  try {
    await hibernate(deps, tx, ownScope(row.tenant_id, row.project_id, row.id), row)
    return true
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    return false
  }
}

async function write(
  tx: Tx,
  row: PlatformRow,
  set: Partial<Pick<LeaseTable, 'reminded' | 'expired_at' | 'hibernated' | 'watched'>>,
): Promise<void> {
  await tx.updateTable('leases').set(set).where('platform_id', '=', row.id).execute()
}
