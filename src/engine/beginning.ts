// What begins something in the world asks once more, in the transaction that writes it down, whether anything may begin:
// a cancel that is committed before it wins, and one that comes after finds it recorded.

import { isPowerKey } from '../blueprints/index.ts'
import type { PlatformId, TaskId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { LeaseLost } from './lease.ts'
import { operationAt } from './operations.ts'
import type { RunState } from './state.ts'
import { isStill } from './still.ts'
import { openTaskStates } from './tasks.ts'

/** Nothing may begin now; no failure, and nobody's fault. */
export class NotNow extends Error {
  override readonly name = 'NotNow'
}

const selectStanding = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('runs')
    .innerJoin('platforms', 'platforms.id', 'runs.platform_id')
    .leftJoin('hibernations', 'hibernations.platform_id', 'runs.platform_id')
    .select(['runs.fence', 'platforms.state', 'platforms.want', 'hibernations.power'])
    .where('runs.platform_id', '=', platform),
)

/** A fenced write of this run that begins something of a step. Throws NotNow while the platform is held, paused or asleep, or when the step's operation has ended. */
export function beginningWrite<T>(run: RunState, step: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  return run.deps.store.write(async (tx) => {
    const standing = await selectStanding.first(tx, { platform: run.lease.platformId })
    if (standing?.fence !== run.lease.fence) throw new LeaseLost(run.lease.platformId)
    if (isStill(standing.state)) throw new NotNow(`the platform is ${standing.state}`)
    // What goes is neither stopped nor started any more.
    const power = standing.want === 'absent' ? null : standing.power
    if (isPowerKey(step) ? power !== (run.view.hibernation?.power ?? null) : power === 'off')
      throw new NotNow('the platform hibernates or wakes')
    const operation = operationAt(run.view, step)
    if (operation) await assertOpen(tx, operation.task)
    return work(tx)
  })
}

async function assertOpen(tx: Tx, id: TaskId): Promise<void> {
  const task = await tx.selectFrom('tasks').select('state').where('id', '=', id).executeTakeFirst()
  if (!task || !openTaskStates.includes(task.state)) throw new NotNow('the operation has ended')
}
