import { makeDue } from '../engine/index.ts'
import { tellProblem } from '../events/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { ProblemTable } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'
import { carriedBy, type ProblemPlace } from './problems.ts'
import { askRefound } from './refound.ts'
import { askRestart } from './restart.ts'
import { noteRetry } from './retry.ts'

/**
 * What a person chose for an open problem: to hear no more of it, a new machine now, its machine started anew, or a lost
 * quorum started again or founded anew. Throws power_not_supported and wrong_state.
 */
export async function resolveByPerson(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  problem: Pick<ProblemTable, 'id' | 'subject' | 'code' | 'machine_id'>,
  resolution: 'ignore' | 'recreate' | 'reboot' | 'refound' | 'restore',
  actor: string,
): Promise<void> {
  const now = seams.clock.now()
  const machines = problem.machine_id === null ? await carriedBy(tx, problem.id) : [problem.machine_id]
  await noteRetry(tx, seams, place, actor, { resolution, code: problem.code, problem: problem.subject })
  if (resolution === 'refound') {
    // The problem ends when the new founding is decided.
    await askRefound(tx, seams, place, actor)
  } else if (resolution === 'reboot' || resolution === 'restore') {
    // Whoever was stopped or lost is well when it is seen to run; a quorum when enough of them answer.
    const reason =
      resolution === 'reboot' ? `it is to be started anew: ${problem.code}` : 'its group is to answer again'
    await askRestart(tx, seams, place, machines, { actor, reason })
  } else if (resolution === 'recreate' && machines.length > 0) {
    // The problem ends when the new machine is decided; of several with the last of them.
    let update = tx.updateTable('machines').set({ ill_since: now }).where('id', 'in', machines)
    // Who is back already of those that went down together is not concerned.
    if (problem.machine_id === null)
      update = update.where((where) =>
        where.or([where('missing_since', 'is not', null), where('ill_since', 'is not', null)]),
      )
    await update.execute()
  } else {
    await tx.updateTable('problems').set({ resolved_at: now, resolution }).where('id', '=', problem.id).execute()
    const told = { ...problem, machineId: problem.machine_id }
    await tellProblem(tx, seams, place, 'problem.resolved', told, { actor, cause: resolution })
  }
  await makeDue(tx, place.id, now)
}

/** Who ignored a problem may choose otherwise as long as it lasts: it is open again. */
export async function ignoreNoMore(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  problem: Pick<ProblemTable, 'id' | 'subject' | 'code' | 'machine_id' | 'resolution'>,
  actor: string,
): Promise<void> {
  if (problem.resolution !== 'ignore') return
  await tx.updateTable('problems').set({ resolved_at: null, resolution: null }).where('id', '=', problem.id).execute()
  const told = { ...problem, machineId: problem.machine_id }
  await tellProblem(tx, seams, place, 'problem.opened', told, { actor, cause: 'no longer ignored' })
}
