// What a provider has against what we remember, by its list: a machine that vanished, one that should not be there any
// more, one nobody remembers. Only what changed on either side since the last scan, or was not settled by it, is looked
// into: a scan costs what happened and not what there is.

import { lastEventSeq } from '../events/index.ts'
import type { ProviderId } from '../kernel/ids.ts'
import type { OwnerTag, ResourceKey, Session } from '../provider/contract.ts'
import { judgeChanged } from './changed.ts'
import { judgeMachines } from './missing.ts'
import { dealWithOrphan } from './orphans.ts'
import { changedKeys, findRemembered, loadLiving, loadLivingOf } from './remembered.ts'
import { each, type LastScan, type Round, type ScanDeps, type ScanMemory } from './round.ts'
import { lookForChanges, nothingShown } from './shown.ts'
import { buryAgain, closeReceipts } from './tombstones.ts'

/** After so many scans everything is looked at as if for the first time: no mistake of ours lasts longer. COUNT. */
const scansUntilAll = 100

/** One look at everything of ours at a provider. True when another one should follow soon. Throws ProviderFault. */
export async function scanProvider(
  deps: ScanDeps,
  provider: ProviderId,
  session: Session,
  memory: ScanMemory,
  signal: AbortSignal,
): Promise<boolean> {
  const { read } = deps.store
  const { id, report_only } = await read
    .selectFrom('installation')
    .select(['id', 'report_only'])
    .executeTakeFirstOrThrow()
  const owner = id as OwnerTag
  const round: Round = { deps, provider, session, owner, memory, mayDestroy: report_only === 0, signal }
  const last = memory.last && memory.last.since < scansUntilAll ? memory.last : null
  // Read before the list: what changes from here on is the next scan's.
  const seq = await lastEventSeq(read)
  const doubtful = new Set(last?.unsettled)
  if (last) for (const key of await changedKeys(read, provider, last.seq, seq)) doubtful.add(key)
  const look = await lookForChanges(session, owner, last?.shown ?? nothingShown, doubtful, signal)
  for (const key of look.changed) doubtful.add(key)
  // Read after the list: whatever the list shows was remembered before it was made.
  const living = last ? await loadLivingOf(read, provider, doubtful) : await loadLiving(read, provider)
  const judged = await judgeMachines(round, living.values(), look.objects)
  await judgeChanged(round, living, look.objects)
  const unsettled = new Set(judged.unsettled)
  const orphans = new Set<string>()
  for (const [key, objects] of look.objects) {
    if (living.has(key)) continue
    unsettled.add(key)
    const tombstone = await findRemembered(read, provider, key)
    if (!tombstone) orphans.add(key)
    await each(round, key, () =>
      tombstone ? buryAgain(round, tombstone) : dealWithOrphan(round, key as ResourceKey, objects),
    )
  }
  memory.orphans.keep(orphans)
  const open = await closeReceipts(round, look.objects)
  memory.last = { shown: look.shown, seq, unsettled, since: (last?.since ?? 0) + 1 } satisfies LastScan
  return judged.soon || (open && round.mayDestroy)
}
