// Which platforms this process works on. The table is the truth: a wake-up is only a hint that may be
// lost, and a scan by index of what is due or abandoned finds everything that a crash left behind.

import type { PlatformId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { EngineDeps } from './deps.ts'
import { claimLease } from './lease.ts'
import { ownerSchema } from './owner.ts'
import { type Run, startRun } from './run.ts'

export interface Engine extends AsyncDisposable {
  /** Says that something about the platform changed; called after the commit that made it due. */
  wake(platformId: PlatformId): void
  /** Platforms being worked on now, COUNT. */
  readonly active: number
}

const scanEveryMs = 1_000

/** Two looks into an index each, as one look for either would read every run. None while no lease would be given. */
const selectDue = statement((db, { now }: { now: number }) => {
  const reporting = db.selectFrom('installation').select('id').where('report_only', '=', 1)
  const runs = db
    .selectFrom('runs')
    .select('platform_id')
    .where((where) => where.not(where.exists(reporting)))
  return runs
    .where('due_at', '<=', now)
    .where('owner', 'is', null)
    .unionAll(runs.where('lease_until', '<=', now))
    .limit(1_000)
})

export function startEngine(deps: EngineDeps): Engine {
  const runs = new Map<PlatformId, Run>()
  const claiming = new Set<PlatformId>()
  const waiting = new Set<PlatformId>()
  const controller = new AbortController()
  const { signal } = controller
  const scanning = scanLoop()

  return {
    wake(platformId) {
      if (signal.aborted) return
      const run = runs.get(platformId)
      if (run) run.wake()
      else consider([platformId])
    },
    get active() {
      return runs.size
    },
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('the engine stops'))
      await scanning
      await Promise.all([...runs.values()].map((run) => run.stop()))
    },
  }

  async function scanLoop(): Promise<void> {
    await scan(ownedByTheDead)
    while (!signal.aborted) {
      await scan(due)
      await deps.seams.clock.sleep(scanEveryMs, signal).catch(() => undefined)
    }
  }

  // A database that is away for a moment must not end the scan: it is what finds lost wake-ups.
  async function scan(find: () => Promise<PlatformId[]>): Promise<void> {
    try {
      consider(await find())
    } catch (error) {
      if (!signal.aborted) deps.log('the scan for due runs failed', { error })
    }
  }

  async function due(): Promise<PlatformId[]> {
    const rows = await selectDue.all(deps.store.read, { now: await deps.store.now() })
    return rows.map((row) => row.platform_id)
  }

  async function ownedByTheDead(): Promise<PlatformId[]> {
    const rows = await deps.store.read
      .selectFrom('runs')
      .select(['platform_id', 'owner'])
      .where('lease_until', 'is not', null)
      .execute()
    return rows.flatMap((row) =>
      row.owner !== null && deps.processes.isDead(ownerSchema.parse(JSON.parse(row.owner))) ? [row.platform_id] : [],
    )
  }

  function consider(platformIds: readonly PlatformId[]): void {
    for (const id of platformIds) if (!runs.has(id)) waiting.add(id)
    for (const id of waiting) {
      if (signal.aborted || runs.size + claiming.size >= deps.concurrency) return
      if (runs.has(id)) waiting.delete(id)
      if (runs.has(id) || claiming.has(id)) continue
      waiting.delete(id)
      claiming.add(id)
      claim(id).catch((error: unknown) => {
        if (!signal.aborted) deps.log('a run could not be claimed', { platform: id, error })
      })
    }
  }

  async function forgetWhenEnded(id: PlatformId, run: Run): Promise<void> {
    await run.ended
    runs.delete(id)
    consider([])
  }

  async function claim(id: PlatformId): Promise<void> {
    try {
      const now = await deps.store.now()
      const lease = await deps.store.write((tx) => claimLease(tx, deps.seams, id, deps.processes, now))
      if (!lease || signal.aborted) return
      const run = startRun(deps, lease)
      runs.set(id, run)
      forgetWhenEnded(id, run).catch(() => undefined)
    } finally {
      claiming.delete(id)
    }
  }
}
