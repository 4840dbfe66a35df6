// What a provider has against what we remember, by its list: a machine that vanished, one that should not be there any
// more, one nobody remembers.

import type { ProviderId } from '../kernel/ids.ts'
import type { OwnerTag, ResourceKey, Session } from '../provider/contract.ts'
import { judgeMachines } from './missing.ts'
import { dealWithOrphan } from './orphans.ts'
import { findRemembered, groupByKey, loadLiving } from './remembered.ts'
import { each, type Round, type ScanDeps, type ScanMemory } from './round.ts'
import { buryAgain, closeReceipts } from './tombstones.ts'

/** One look at everything of ours at a provider. True when another one should follow soon. Throws ProviderFault. */
export async function scanProvider(
  deps: ScanDeps,
  provider: ProviderId,
  session: Session,
  memory: ScanMemory,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, report_only } = await deps.store.read
    .selectFrom('installation')
    .select(['id', 'report_only'])
    .executeTakeFirstOrThrow()
  const owner = id as OwnerTag
  const round: Round = { deps, provider, session, owner, memory, mayDestroy: report_only === 0, signal }
  const listed = await groupByKey(session.list(owner, signal))
  // Read after the list: whatever the list shows was remembered before it was made.
  const living = await loadLiving(deps.store.read, provider)
  const doubts = await judgeMachines(round, living.values(), listed)
  const orphans = new Set<string>()
  for (const [key, objects] of listed) {
    if (living.has(key)) continue
    const tombstone = await findRemembered(deps.store.read, provider, key)
    if (!tombstone) orphans.add(key)
    await each(round, key, () =>
      tombstone ? buryAgain(round, tombstone) : dealWithOrphan(round, key as ResourceKey, objects),
    )
  }
  memory.orphans.keep(orphans)
  const open = await closeReceipts(round, listed)
  return doubts || (open && round.mayDestroy)
}
