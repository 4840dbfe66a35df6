// What begins something in the world asks once more, in the transaction that writes it down, whether anything may begin:
// a cancel that is committed before it wins, and one that comes after finds it recorded.

import type { PlatformId, TaskId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { LeaseLost } from './lease.ts'
import { operationAt } from './operations.ts'
import type { RunState } from './state.ts'
import { openTaskStates } from './tasks.ts'

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

/** A fenced write of this run that begins something of a step. Throws NotNow while the platform is held or when the step's operation has ended. */
export function beginningWrite<T>(run: RunState, step: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  return run.deps.store.write(async (tx) => {
    const standing = await selectStanding.first(tx, { platform: run.lease.platformId })
    if (standing?.fence !== run.lease.fence) throw new LeaseLost(run.lease.platformId)
    if (standing.state === 'held') throw new NotNow('the platform is held')
    const operation = operationAt(run.view, step)
    if (operation) await assertOpen(tx, operation.task)
    return work(tx)
  })
}

async function assertOpen(tx: Tx, id: TaskId): Promise<void> {
  const task = await tx.selectFrom('tasks').select('state').where('id', '=', id).executeTakeFirst()
  if (!task || !openTaskStates.includes(task.state)) throw new NotNow('the operation has ended')
}
