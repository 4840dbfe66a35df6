// Members whose steps are all done without one of them having to run any more (what they were asked for was taken back, or
// what they are asked for now they are already): they have arrived.

import { moveMachine, moveMember } from '../events/index.ts'
import { isOnItsWay, isStarting } from './advance.ts'
import { wasMoved } from './moved.ts'
import { fencedWrite, type RunState } from './state.ts'
import type { MemberView } from './view.ts'
import { engineActor } from './write.ts'

/** Moves everybody who has arrived to `in`; asks for another look when there was somebody. */
export async function settleMembers(run: RunState): Promise<void> {
  if (run.view.want === 'absent') return
  const arrived = [...run.view.members.values()].filter((member) => hasArrived(run, member))
  if (arrived.length === 0) return
  const because = { actor: engineActor, cause: 'nothing is left to do' }
  await fencedWrite(run, async (tx) => {
    for (const member of arrived) {
      if (await wasMoved(tx, member)) continue
      if (member.state === 'joining' || isStarting(member.machine.state))
        await moveMachine(tx, run.deps.seams, { machine: member.machine.id, to: 'ready', ...because })
      await moveMember(tx, run.deps.seams, { member: member.id, to: 'in', ...because })
      member.state = 'in'
    }
  })
  run.wake()
}

function hasArrived({ schedule }: RunState, member: MemberView): boolean {
  return isOnItsWay(member) && schedule.remaining(member.ref) === 0
}
