// Scans go round by themselves: each provider at its own pace, so that one that is slow or silent delays nobody. What
// they find is written where the engine will see it; they decide nothing.

import type { ProviderId } from '../kernel/ids.ts'
import { jittered } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import { type LookDeps, lookAfter } from './look-after.ts'
import { type ScanMemory, scanMemory } from './round.ts'

export interface CareDeps extends LookDeps {
  /** ms between two scans of a provider; 30 s by default. */
  readonly scanEveryMs?: number
}

export interface Care extends AsyncDisposable {
  /** Scans every provider now; resolves when all were looked at. For tests and `gantry provider scan`. */
  scanNow(): Promise<void>
}

const defaultScanEveryMs = 30_000
/** ms until the next scan of a provider where something is not certain yet; also how often we see whose turn it is. */
const soonMs = 5_000

/** A provider as this process looks after it. */
interface Charge {
  readonly memory: ScanMemory
  /** ms of rest that are left. Counted down by our own sleeps: a clock that is set back must not stop care. */
  restMs: number
  scanning: Promise<void> | null
}

const selectProviders = statement((db) => db.selectFrom('providers').select('id').where('deleted_at', 'is', null))

export function startCare(deps: CareDeps): Care {
  const { clock, random } = deps.seams
  const everyMs = deps.scanEveryMs ?? defaultScanEveryMs
  const tickMs = Math.min(soonMs, everyMs)
  const controller = new AbortController()
  const { signal } = controller
  const charges = new Map<ProviderId, Charge>()
  const running = new Set<Promise<void>>()
  const looping = loop()

  return {
    async scanNow() {
      const providers = await meet()
      await Promise.all(providers.map(freshScan))
    },
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('care stops'))
      await looping
      await Promise.all(running)
    },
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(tickMs, signal).catch(() => undefined)
      if (signal.aborted) return
      for (const charge of charges.values()) charge.restMs -= tickMs
      const providers = await meet().catch((error: unknown) => {
        deps.log('providers could not be listed', { error })
        return []
      })
      for (const provider of providers) if (isDue(provider)) running.add(scan(provider))
    }
  }

  /** Who is to be looked after now. */
  async function meet(): Promise<ProviderId[]> {
    const rows = await selectProviders.all(deps.store.read, {})
    const living = new Set(rows.map(({ id }) => id))
    for (const id of charges.keys()) if (!living.has(id)) charges.delete(id)
    for (const id of living) {
      if (charges.has(id)) continue
      charges.set(id, { memory: scanMemory(), restMs: jittered(random, everyMs), scanning: null })
    }
    return [...living]
  }

  function isDue(provider: ProviderId): boolean {
    const charge = charges.get(provider)
    return charge !== undefined && charge.scanning === null && charge.restMs <= 0
  }

  /** A scan that began after this was called. */
  async function freshScan(provider: ProviderId): Promise<void> {
    await charges.get(provider)?.scanning
    await (charges.get(provider)?.scanning ?? scan(provider))
  }

  /** Never rejects. */
  function scan(provider: ProviderId): Promise<void> {
    const charge = charges.get(provider)
    if (!charge || signal.aborted) return Promise.resolve()
    const scanning = lookAfter(deps, provider, charge.memory, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) deps.log('a scan failed', { provider, error })
        return false
      })
      .then((soon) => {
        charge.restMs = jittered(random, soon ? tickMs : everyMs)
        charge.scanning = null
        running.delete(scanning)
      })
    charge.scanning = scanning
    running.add(scanning)
    return scanning
  }
}
