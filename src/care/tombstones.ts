// Keys that were proven gone. What appears under one again (a create that came late, a restored copy) goes at once, its
// receipt is opened again, and is closed by a new observation of its absence. A receipt must be true in both directions,
// and a list may be older than what we remember: so nothing is written by a list alone.

import { appendEvent } from '../events/index.ts'
import type { Observed, ResourceKey } from '../provider/contract.ts'
import type { Tx } from '../store/store.ts'
import { careActor } from './decision.ts'
import { findRemembered, lookAt, type Remembered } from './remembered.ts'
import { absenceMs, each, type Round } from './round.ts'

/** Deals with an object that the list shows under a tombstone's key. */
export async function buryAgain(round: Round, machine: Remembered): Promise<void> {
  const { deps, session, owner, memory, mayDestroy, signal } = round
  const seen = (await lookAt(session, owner, [machine.key], signal)).get(machine.key) ?? []
  if (seen.length === 0) return
  memory.reopened?.add(machine.key)
  await deps.store.write((tx) => reopen(tx, round, machine, seen))
  if (!mayDestroy || seen.every(({ state }) => state === 'deleting')) return
  await session.destroy(owner, machine.key, signal)
  await deps.store.write((tx) =>
    tell(tx, round, machine, 'tombstone.destroyed', 'an object appeared under a key that was gone'),
  )
}

/** Told once, however often it is seen. */
async function reopen(tx: Tx, round: Round, machine: Remembered, seen: readonly Observed[]): Promise<void> {
  const { numUpdatedRows } = await tx
    .updateTable('receipt_objects')
    .set({ reopened_at: round.deps.seams.clock.now() })
    .where('provider_id', '=', round.provider)
    .where('resource_key', '=', machine.key)
    .where('reopened_at', 'is', null)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return
  const cause = `${seen[0]?.ref} appeared under a key that was gone`
  await tell(tx, round, machine, 'receipt.reopened', cause)
}

/** Closes receipts whose object was seen to be gone again. True while one is open. */
export async function closeReceipts(round: Round, listed: ReadonlyMap<string, unknown>): Promise<boolean> {
  const { deps, provider, session, owner, memory, signal } = round
  memory.reopened ??= await loadReopened(round)
  const unseen = [...memory.reopened].filter((key) => !listed.has(key)).map((key) => key as ResourceKey)
  const askedAt = deps.seams.clock.now()
  const looked = await lookAt(session, owner, unseen, signal)
  const absent = unseen.filter((key) => !looked.has(key))
  memory.goneAgain.keep(new Set(absent))
  for (const key of absent) {
    if (memory.goneAgain.see(key, askedAt) < absenceMs(session)) continue
    await each(round, key, async () => {
      const machine = await findRemembered(deps.store.read, provider, key)
      if (machine) await deps.store.write((tx) => close(tx, round, machine, askedAt))
      memory.reopened?.delete(key)
    })
  }
  return memory.reopened.size > 0
}

async function loadReopened({ deps, provider }: Round): Promise<Set<string>> {
  const rows = await deps.store.read
    .selectFrom('receipt_objects')
    .select('resource_key')
    .where('provider_id', '=', provider)
    .where('reopened_at', 'is not', null)
    .execute()
  return new Set(rows.map((row) => row.resource_key))
}

/** @param observedAt when the look that found nothing was asked for, ms since 1970. */
async function close(tx: Tx, round: Round, machine: Remembered, observedAt: number): Promise<void> {
  const { provider, session } = round
  const proof = session.capabilities.lookup === 'consistent' ? 'absentByConsistentLookup' : 'absentForSettle'
  const { numUpdatedRows } = await tx
    .updateTable('receipt_objects')
    .set({ reopened_at: null, observed_at: observedAt, proof })
    .where('provider_id', '=', provider)
    .where('resource_key', '=', machine.key)
    .where('reopened_at', 'is not', null)
    .executeTakeFirst()
  if (numUpdatedRows > 0n) await tell(tx, round, machine, 'receipt.completed', 'what had appeared is gone again')
}

async function tell(
  tx: Tx,
  { deps }: Round,
  machine: Remembered,
  kind: 'receipt.reopened' | 'receipt.completed' | 'tombstone.destroyed',
  cause: string,
): Promise<void> {
  await appendEvent(tx, deps.seams, {
    kind,
    subject: { kind: 'machine', id: machine.id },
    tenant: machine.tenantId,
    project: machine.projectId,
    platform: machine.platformId,
    machine: machine.id,
    actor: careActor,
    cause,
    data: { key: machine.key },
  })
}
