// One scan of one provider: its hosts, its machines, and what it says of the provider itself.

import type { ProviderId } from '../kernel/ids.ts'
import { noMore } from '../kernel/no-more.ts'
import type { Session } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import { HeldBack } from '../provider/weather.ts'
import { takeInventory } from './inventory.ts'
import { tendMaintenances } from './maintenance.ts'
import { noteProvider } from './provider-state.ts'
import type { ScanDeps, ScanMemory } from './round.ts'
import { scanProvider } from './scan.ts'

export interface LookDeps extends ScanDeps {
  readonly sessions: { get(provider: ProviderId): Promise<Session> }
}

/** A scan that takes longer is given up, ms. */
const scanLimitMs = 300_000
/** ms until a scan that met trouble is tried again, once, before the provider is called unreachable. */
const againMs = 1_000
const againAtMostMs = 5_000

/** One scan with its outcome noted. True when another one should follow soon. */
export async function lookAfter(
  deps: LookDeps,
  provider: ProviderId,
  memory: ScanMemory,
  stop: AbortSignal,
): Promise<boolean> {
  const { clock } = deps.seams
  const timer = new AbortController()
  const late = new AbortController()
  const tooLong = new ProviderFault({ kind: 'transient', outcome: 'none' }, `a scan took over ${scanLimitMs / 1000} s`)
  clock.sleep(scanLimitMs, timer.signal).then(
    () => late.abort(tooLong),
    () => undefined,
  )
  const signal = AbortSignal.any([stop, late.signal])
  try {
    let found = await lookOnce(deps, provider, memory, signal)
    if (found.fault?.kind === 'transient' && !signal.aborted) {
      await clock.sleep(Math.min(found.fault.retryAfterMs ?? againMs, againAtMostMs), signal).catch(() => undefined)
      if (!signal.aborted) found = await lookOnce(deps, provider, memory, signal)
    }
    if (stop.aborted) return false
    await tendMaintenances(deps, provider)
    const { fault } = found
    if (fault !== null && isQuiet(fault)) return true
    const state = fault === null ? 'healthy' : fault.kind === 'denied' ? 'denied' : 'unreachable'
    await noteProvider(deps, provider, state, fault?.message ?? null)
    return found.soon
  } finally {
    timer.abort(noMore)
  }
}

/** It answers, and is not to be called for a while, by its own wish or by our limit: that says nothing of how it is. */
function isQuiet(fault: ProviderFault): boolean {
  return fault.retryAfterMs !== undefined && !(fault instanceof HeldBack && fault.because === 'breaker')
}

interface Found {
  readonly fault: ProviderFault | null
  readonly soon: boolean
}

/** Hosts and machines are looked at even where one of the two cannot be had. */
async function lookOnce(deps: LookDeps, provider: ProviderId, memory: ScanMemory, signal: AbortSignal): Promise<Found> {
  let fault: ProviderFault | null = null
  const noted = async <T>(work: Promise<T>): Promise<T | undefined> => {
    try {
      return await work
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error
      fault ??= error
      return undefined
    }
  }
  const session = await noted(deps.sessions.get(provider))
  if (!session) return { fault, soon: false }
  await noted(takeInventory(deps, provider, session, memory, signal))
  const soon = await noted(scanProvider(deps, provider, session, memory, signal))
  return { fault, soon: soon ?? false }
}
