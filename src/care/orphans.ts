// Objects with our tag that nobody remembers: told when first seen, removed after a grace, never sooner.

import { appendEvent } from '../events/index.ts'
import type { Observed, ResourceKey } from '../provider/contract.ts'
import { careActor } from './decision.ts'
import { findRemembered, lookAt } from './remembered.ts'
import type { Round } from './round.ts'

/** For how long an orphan must have been watched, ms: whoever knows of it has that long to say so. */
export const orphanGraceMs = 600_000

export async function dealWithOrphan(round: Round, key: ResourceKey, listed: readonly Observed[]): Promise<void> {
  const { deps, provider, session, owner, memory, mayDestroy, signal } = round
  const isNew = !memory.orphans.has(key)
  const lastsMs = memory.orphans.see(key, deps.seams.clock.now())
  if (isNew) await tell(round, 'orphan.found', key, listed)
  if (!mayDestroy || lastsMs < orphanGraceMs) return
  const seen = (await lookAt(session, owner, [key], signal)).get(key) ?? []
  if (seen.every(({ state }) => state === 'deleting')) return
  if (await findRemembered(deps.store.read, provider, key)) return
  await session.destroy(owner, key, signal)
  await tell(round, 'orphan.destroyed', key, seen)
}

async function tell(
  { deps }: Round,
  kind: 'orphan.found' | 'orphan.destroyed',
  key: string,
  objects: readonly Observed[],
): Promise<void> {
  await deps.store.write((tx) =>
    appendEvent(tx, deps.seams, {
      kind,
      subject: { kind: 'resource', id: key },
      actor: careActor,
      cause: 'it carries our tag and nobody remembers it',
      data: { refs: objects.map((object) => object.ref) },
    }),
  )
}
