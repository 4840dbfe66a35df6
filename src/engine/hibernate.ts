// Hibernated: its machines are stopped and stay what they are. Asked for, it is a decision beside the plan; once it is
// ready again after waking, nothing of it is left.

import { movePlatform } from '../events/index.ts'
import type { PlatformId, TaskId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { makeDue } from './lease.ts'
import { retryBlocked } from './retry.ts'

interface Because {
  readonly actor: string
  readonly cause: string
  readonly task: TaskId
}

/**
 * From this transaction on nothing but the stopping of its machines is begun, once what is under way has ended. Wake the
 * engine after the commit.
 */
export async function hibernatePlatform(tx: Tx, seams: Seams, platform: PlatformId, because: Because): Promise<void> {
  const members = await tx
    .selectFrom('members')
    .innerJoin('machines', 'machines.id', 'members.machine_id')
    .select('machines.member')
    .where('members.platform_id', '=', platform)
    .where('members.state', 'not in', ['leaving', 'gone'])
    .execute()
  const row = {
    power: 'off',
    members: JSON.stringify(members.map(({ member }) => member)),
    task_id: because.task,
  } as const
  await tx
    .insertInto('hibernations')
    .values({ platform_id: platform, ...row })
    .onConflict((conflict) => conflict.column('platform_id').doUpdateSet(row))
    .execute()
  await movePlatform(tx, seams, { platform, to: 'changing', reason: 'its machines are being stopped', ...because })
  await makeDue(tx, platform, seams.clock.now())
}

/** Its machines are started, and everything that rests on their running is proven anew. */
export async function wakePlatform(tx: Tx, seams: Seams, platform: PlatformId, because: Because): Promise<void> {
  await tx
    .updateTable('hibernations')
    .set({ power: 'on', task_id: because.task })
    .where('platform_id', '=', platform)
    .execute()
  await tx
    .updateTable('records')
    .set({ suspect: 'its machine was stopped' })
    .where('platform_id', '=', platform)
    .where('kind', 'in', ['machine', 'ssh', 'gate'])
    .where('achieved', 'is not', null)
    .execute()
  await movePlatform(tx, seams, { platform, to: 'changing', reason: 'its machines are being started', ...because })
  await retryBlocked(tx, seams, platform, because)
  await makeDue(tx, platform, seams.clock.now())
}
