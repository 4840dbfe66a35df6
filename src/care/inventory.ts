// Hosts and zones as the provider reports them. What is reported as before, while none of our machines moved, is not
// written again.

import { appendEvent, lastEventSeq } from '../events/index.ts'
import { sha256 } from '../kernel/canonical.ts'
import type { ProviderId } from '../kernel/ids.ts'
import { ourUseOf, saveInventory } from '../placement/index.ts'
import type { HostReport, Session } from '../provider/contract.ts'
import { isCalledDead } from './dead-places.ts'
import { careActor } from './decision.ts'
import { tellDeadPlaces } from './place-problems.ts'
import { changedKeys } from './remembered.ts'
import { endRevived } from './revived-places.ts'
import type { ScanDeps, ScanMemory } from './round.ts'

/** Brings hosts and zones in line with what the provider reports. Throws ProviderFault. */
export async function takeInventory(
  deps: ScanDeps,
  provider: ProviderId,
  session: Session,
  memory: ScanMemory,
  signal: AbortSignal,
): Promise<void> {
  const { read } = deps.store
  const seq = await lastEventSeq(read)
  const row = await read.selectFrom('providers').select('version').where('id', '=', provider).executeTakeFirst()
  const reports: HostReport[] = await Array.fromAsync(session.inventory(signal))
  // A change of the provider writes what it saw of the hosts, so what we wrote before it says nothing.
  const digest = sha256(JSON.stringify([row?.version, reports]))
  const { hosts } = memory
  // What others use of a host is what is reported less our own.
  const same = hosts?.digest === digest && (await changedKeys(read, provider, hosts.seq, seq)).size === 0
  if (same) await noteSeen(deps, provider)
  else await save(deps, provider, reports)
  memory.hosts = { digest, seq }
}

async function noteSeen({ store, seams }: ScanDeps, provider: ProviderId): Promise<void> {
  await store.write((tx) =>
    tx
      .updateTable('hosts')
      .set({ seen_at: seams.clock.now() })
      .where('provider_id', '=', provider)
      .where('state', '!=', 'gone')
      .execute(),
  )
}

async function save({ store, seams }: ScanDeps, provider: ProviderId, reports: readonly HostReport[]): Promise<void> {
  await store.write(async (tx) => {
    const changes = await saveInventory(tx, seams, provider, reports, await ourUseOf(tx, provider))
    for (const change of changes) {
      await appendEvent(tx, seams, {
        kind: 'host.state',
        subject: { kind: 'host', id: `${provider}/${change.host}` },
        from: change.from ?? 'unknown',
        to: change.to,
        actor: careActor,
        cause: 'inventory',
      })
    }
    const back = changes.filter(
      ({ from, to }) => from !== null && isCalledDead({ state: from }) && !isCalledDead({ state: to }),
    )
    if (back.length > 0)
      await endRevived(
        tx,
        seams,
        provider,
        back.map(({ host }) => host),
      )
    // Machines may have been found lost before their host was; and of a zone that is dead no more some hosts may be.
    if (back.length > 0 || changes.some(({ to }) => isCalledDead({ state: to })))
      await tellDeadPlaces(tx, seams, provider)
  })
}
