// What scans say of a provider as a whole, and whom it concerns when it answers again.

import { makeDue, retryBlocked } from '../engine/index.ts'
import { appendEvent } from '../events/index.ts'
import type { PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { careActor } from './decision.ts'
import type { ScanDeps } from './round.ts'

type ProviderState = 'healthy' | 'unreachable' | 'denied'

export async function noteProvider(
  deps: ScanDeps,
  provider: ProviderId,
  to: ProviderState,
  reason: string | null,
): Promise<void> {
  const due = await deps.store.write(async (tx) => {
    const row = await tx
      .selectFrom('providers')
      .select(['state', 'state_reason', 'deleted_at'])
      .where('id', '=', provider)
      .executeTakeFirst()
    if (!row || row.deleted_at !== null || row.state === 'removing') return []
    const now = deps.seams.clock.now()
    await tx.updateTable('providers').set({ last_scan_at: now }).where('id', '=', provider).execute()
    if (row.state === to) {
      // A login that was refused may by now be another server: whoever looks is told the reason of today.
      if (row.state_reason !== reason) {
        await tx.updateTable('providers').set({ state_reason: reason }).where('id', '=', provider).execute()
      }
      return []
    }
    await tx
      .updateTable('providers')
      .set({ state: to, state_since: now, state_reason: reason })
      .where('id', '=', provider)
      .execute()
    await appendEvent(tx, deps.seams, {
      kind: 'provider.state',
      subject: { kind: 'provider', id: provider },
      from: row.state,
      to,
      actor: careActor,
      cause: reason ?? 'it answers',
    })
    return to === 'healthy' ? retryPlatformsOn(tx, deps.seams, provider) : []
  })
  for (const platform of due) deps.wake(platform)
}

/** The provider answers again: what waited for it goes on now and not at its next slow try. */
async function retryPlatformsOn(tx: Tx, seams: Seams, provider: ProviderId): Promise<PlatformId[]> {
  const rows = await tx
    .selectFrom('machines')
    .select('platform_id')
    .distinct()
    .where('provider_id', '=', provider)
    .where('state', 'in', ['planned', 'creating', 'replacing', 'deleting'])
    .execute()
  for (const { platform_id } of rows) {
    // What was held back waits without a problem, maybe for minutes.
    await tx
      .updateTable('records')
      .set({ next_at: 0 })
      .where('platform_id', '=', platform_id)
      .where('kind', '=', 'machine')
      .where('status', '=', 'waiting')
      .where('problem', 'is', null)
      .execute()
    await makeDue(tx, platform_id, seams.clock.now())
    await retryBlocked(tx, seams, platform_id, {
      actor: careActor,
      cause: 'the provider answers again',
      codes: ['provider_unreachable', 'provider_denied'],
    })
  }
  return rows.map((row) => row.platform_id)
}
