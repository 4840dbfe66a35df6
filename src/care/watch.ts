// Scans go round by themselves: each provider on its own clock, so that a slow one delays nobody. What
// they find is written where the engine will see it; they decide nothing.

import { retryBlocked } from '../engine/index.ts'
import { appendEvent } from '../events/index.ts'
import type { PlatformId, ProviderId } from '../kernel/ids.ts'
import { jittered, type Seams } from '../kernel/seams.ts'
import { ourUseOf, saveInventory } from '../placement/index.ts'
import type { HostReport, Session } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Tx } from '../store/store.ts'
import { careActor } from './decision.ts'
import { type ScanDeps, scanProvider } from './scan.ts'

export interface CareDeps extends ScanDeps {
  readonly sessions: { get(provider: ProviderId): Promise<Session> }
  /** ms between two scans of a provider; 30 s by default. */
  readonly scanEveryMs?: number
  readonly log: (message: string, facts: { readonly [name: string]: unknown }) => void
}

export interface Care extends AsyncDisposable {
  /** Scans every provider now; resolves when all were looked at. For tests and `gantry provider scan`. */
  scanNow(): Promise<void>
}

const defaultScanEveryMs = 30_000

export function startCare(deps: CareDeps): Care {
  const controller = new AbortController()
  const { signal } = controller
  const orphans = new Map<ProviderId, Map<string, number>>()
  const looping = loop()

  return {
    scanNow: scanAll,
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('care stops'))
      await looping
    },
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await deps.seams.clock
        .sleep(jittered(deps.seams.random, deps.scanEveryMs ?? defaultScanEveryMs), signal)
        .catch(() => undefined)
      if (!signal.aborted) await scanAll().catch((error: unknown) => deps.log('scanning ended early', { error }))
    }
  }

  async function scanAll(): Promise<void> {
    const rows = await deps.store.read.selectFrom('providers').select('id').where('deleted_at', 'is', null).execute()
    await Promise.all(rows.map((row) => scanOne(row.id)))
  }

  async function scanOne(provider: ProviderId): Promise<void> {
    const remembered = orphans.get(provider) ?? new Map<string, number>()
    orphans.set(provider, remembered)
    try {
      const session = await deps.sessions.get(provider)
      await takeInventory(deps, provider, session, signal)
      await scanProvider(deps, provider, session, remembered, signal)
      await noteProvider(deps, provider, 'healthy', null)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof ProviderFault)) return deps.log('a scan failed', { provider, error })
      await noteProvider(deps, provider, error.kind === 'denied' ? 'denied' : 'unreachable', error.message)
    }
  }
}

/** Brings hosts and zones in line with what the provider reports. */
async function takeInventory(
  deps: ScanDeps,
  provider: ProviderId,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const reports: HostReport[] = []
  for await (const report of session.inventory(signal)) reports.push(report)
  await deps.store.write(async (tx) => {
    const changes = await saveInventory(tx, deps.seams, provider, reports, await ourUseOf(tx, provider))
    for (const change of changes) {
      await appendEvent(tx, deps.seams, {
        kind: 'host.state',
        subject: { kind: 'host', id: `${provider}/${change.host}` },
        from: change.from ?? 'unknown',
        to: change.to,
        actor: careActor,
        cause: 'inventory',
      })
    }
  })
}

type ProviderState = 'healthy' | 'unreachable' | 'denied'

async function noteProvider(
  deps: ScanDeps,
  provider: ProviderId,
  to: ProviderState,
  reason: string | null,
): Promise<void> {
  const due = await deps.store.write(async (tx) => {
    const row = await tx
      .selectFrom('providers')
      .select(['state', 'deleted_at'])
      .where('id', '=', provider)
      .executeTakeFirst()
    if (!row || row.deleted_at !== null || row.state === 'removing') return []
    const now = deps.seams.clock.now()
    await tx.updateTable('providers').set({ last_scan_at: now }).where('id', '=', provider).execute()
    if (row.state === to) return []
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
    await retryBlocked(tx, seams, platform_id, {
      actor: careActor,
      cause: 'the provider answers again',
      codes: ['provider_unreachable', 'provider_denied'],
    })
  }
  return rows.map((row) => row.platform_id)
}
