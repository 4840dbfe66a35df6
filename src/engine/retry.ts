// What is blocked is tried again at once when a person asks, or when the thing named in its problem has
// changed; otherwise it comes round slowly by itself.

import { appendEvent } from '../events/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { ProblemCode } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { makeDue } from './lease.ts'
import { isStill } from './still.ts'

/**
 * Makes the steps of a platform due now that are blocked or wait after a failure, all of them or those that failed by
 * one of `codes`; answers how many. What was given up gets all its attempts again. Of a platform that is held, paused
 * or hibernated nothing is tried; resuming or waking it does. Called in the transaction that changes what blocked them; wake the engine after its commit.
 */
export async function retryBlocked(
  tx: Tx,
  seams: Seams,
  platform: PlatformId,
  because: { readonly actor: string; readonly cause: string; readonly codes?: readonly ProblemCode[] },
): Promise<number> {
  const failed = await tx
    .selectFrom('records')
    .select(['key', 'problem', 'status'])
    .where('platform_id', '=', platform)
    .where('status', 'in', ['blocked', 'waiting'])
    .where('problem', 'is not', null)
    // An operation that is blocked has failed; running it again is another one.
    .where('key', 'not like', 'op/%')
    .execute()
  const { codes } = because
  const meant = failed.filter(
    (row) => codes === undefined || codes.some((code) => row.problem?.includes(`"code":"${code}"`)),
  )
  if (meant.length === 0) return 0
  const place = await tx
    .selectFrom('platforms')
    .select(['tenant_id', 'project_id', 'state'])
    .where('id', '=', platform)
    .executeTakeFirstOrThrow()
  if (isStill(place.state) || place.state === 'hibernated') return 0
  for (const { key, status } of meant) {
    await tx
      .updateTable('records')
      .set({ status: 'waiting', next_at: 0, ...(status === 'blocked' ? { attempts: 0, deadline_at: null } : {}) })
      .where('platform_id', '=', platform)
      .where('key', '=', key)
      .execute()
    await appendEvent(tx, seams, {
      kind: 'step.retried',
      subject: { kind: 'platform', id: platform },
      tenant: place.tenant_id,
      project: place.project_id,
      platform,
      step: key,
      actor: because.actor,
      cause: because.cause,
    })
  }
  await makeDue(tx, platform, seams.clock.now())
  return meant.length
}
