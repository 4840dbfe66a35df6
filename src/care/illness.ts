// What checks found, written: a machine that does not answer is to be made anew, one that answers and fails its check is
// told, unless its blueprint says otherwise. A change of verdict is one transaction; the same verdict again is none.

import { makeDue } from '../engine/index.ts'
import { moveMachine } from '../events/index.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import type { CheckedMachine } from './checked-machines.ts'
import { deadPlaces } from './dead-places.ts'
import { careActor } from './decision.ts'
import { endPlaces, isCarried, tellDeadPlaces } from './place-problems.ts'
import { resolutionsFor } from './power.ts'
import { openProblem, type ProblemPlace, resolveProblem } from './problems.ts'

export interface Illness {
  readonly code: 'machine_hung' | 'member_unhealthy'
  /** What it does: `does not answer: ...`. */
  readonly detail: string
  /** Whether it is made anew by itself. */
  readonly recreate: boolean
}

/** As it was when it was asked. */
type Machine = Pick<CheckedMachine, 'id' | 'platformId' | 'tenantId' | 'projectId' | 'member' | 'stateSince' | 'digest'>

/** True when that is new, and the engine has something to decide. */
export async function noteIll(tx: Tx, seams: Seams, machine: Machine, illness: Illness): Promise<boolean> {
  const { code, detail, recreate } = illness
  const row = await servingRow(tx, machine)
  if (row === undefined || (await isCarried(tx, machine.id))) return false
  const ill = () =>
    tx.updateTable('machines').set({ ill_since: seams.clock.now() }).where('id', '=', machine.id).execute()
  if (code === 'machine_hung' && (await deadPlaces(tx, row.provider_id))(row) !== null) {
    // Nobody answers on a host that is dead: that is told of the host.
    await ill()
    await tellDeadPlaces(tx, seams, row.provider_id)
  } else {
    const opened = await openProblem(tx, seams, placeOf(machine), {
      subject: machine.member,
      machineId: machine.id,
      code,
      detail: `${machine.member} ${detail}.`,
      resolutions: await resolutionsFor(tx, row.provider_id),
    })
    if (!opened) return false
    if (recreate) await ill()
  }
  const cause = `${machine.member} ${detail}`
  if (row.state === 'ready')
    await moveMachine(tx, seams, { machine: machine.id, to: 'unhealthy', actor: careActor, cause })
  await makeDue(tx, machine.platformId, seams.clock.now())
  return true
}

/** True when it was ill, and is no more, because of that. */
export async function noteWell(tx: Tx, seams: Seams, machine: Machine, cause: string): Promise<boolean> {
  const row = await servingRow(tx, machine)
  if (row === undefined || row.state !== 'unhealthy' || row.missing_since !== null) return false
  await tx.updateTable('machines').set({ ill_since: null }).where('id', '=', machine.id).execute()
  await moveMachine(tx, seams, { machine: machine.id, to: 'ready', actor: careActor, cause })
  for (const code of ['machine_hung', 'member_unhealthy'] as const) {
    const problem = { subject: machine.member, machineId: machine.id, code }
    await resolveProblem(tx, seams, placeOf(machine), problem, cause)
  }
  await endPlaces(tx, seams, placeOf(machine), machine.id, cause)
  await makeDue(tx, machine.platformId, seams.clock.now())
  return true
}

/**
 * Undefined when it serves no more: then nobody cares how it is. Nor when it was started anew or found otherwise since it was
 * asked, maybe by another process, or when its platform follows another blueprint by now: the next check says how it is.
 */
function servingRow(tx: Tx, { id, stateSince, digest }: Machine) {
  return tx
    .selectFrom('machines')
    .innerJoin('members', 'members.machine_id', 'machines.id')
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .select(['machines.state', 'missing_since', 'provider_id', 'host', 'zone'])
    .where('machines.id', '=', id)
    .where('machines.state_since', '=', stateSince)
    .where('blueprint_digest', '=', digest)
    .where('machines.state', 'in', ['ready', 'unhealthy'])
    .where('members.state', '=', 'in')
    .executeTakeFirst()
}

function placeOf({ platformId, tenantId, projectId }: Machine): ProblemPlace {
  return { id: platformId, tenantId, projectId }
}
