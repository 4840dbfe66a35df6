// What begins something in the world asks once more, in the transaction that writes it down, whether anything may begin:
// a cancel that is committed before it wins, and one that comes after finds it recorded.

import type { PlatformId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { LeaseLost } from './lease.ts'
import type { RunState } from './state.ts'

/** Nothing may begin now; no failure, and nobody's fault. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}

const selectStanding = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('runs')
    .innerJoin('platforms', 'platforms.id', 'runs.platform_id')
    .select(['runs.fence', 'platforms.state'])
    .where('runs.platform_id', '=', platform),
)

/** A fenced write of this run that begins something. Throws NotNow while the platform is held. */
export function beginningWrite<T>(run: RunState, work: (tx: Tx) => Promise<T>): Promise<T> {
  return run.deps.store.write(async (tx) => {
    const standing = await selectStanding.first(tx, { platform: run.lease.platformId })
    if (standing?.fence !== run.lease.fence) throw new LeaseLost(run.lease.platformId)
    if (standing.state === 'held') throw new NotNow('the platform is held')
    return work(tx)
  })
}
