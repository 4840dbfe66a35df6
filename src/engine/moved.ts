// A run's memory of a member may be older than the database: a request that another process answered, or a scan, has moved
// it since. Whatever moves it by that memory asks first.

import type { MemberId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import type { MemberView } from './view.ts'

const selectStates = statement((db, { member }: { member: MemberId }) =>
  db
    .selectFrom('members')
    .innerJoin('machines', 'machines.id', 'members.machine_id')
    .select(['members.state', 'machines.state as machine_state'])
    .where('members.id', '=', member),
)

/** Whether the member or its machine is in another state than `member` says. What follows is for the next look to decide. */
export async function wasMoved(tx: Tx, { id, state, machine }: MemberView): Promise<boolean> {
  const row = await selectStates.first(tx, { member: id })
  return row?.state !== state || row.machine_state !== machine.state
}
