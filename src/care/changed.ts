// Machines that are not as they were asked for: somebody changed them at their provider. That is told and nothing more,
// because a machine that was changed still works, and only a person knows whether the change was meant.

import type { Observed } from '../provider/contract.ts'
import type { Tx } from '../store/store.ts'
import { openProblem, resolveProblem } from './problems.ts'
import { lookAt, placeOf, type Remembered } from './remembered.ts'
import type { Round } from './round.ts'

const code = 'machine_changed'

/** Compares what is shown of these machines with what they were asked to be, where their provider tells. */
export async function judgeChanged(
  round: Round,
  living: ReadonlyMap<string, Remembered>,
  listed: ReadonlyMap<string, readonly Observed[]>,
): Promise<void> {
  const { deps, memory, session, owner, signal } = round
  memory.changed ??= await loadChanged(round)
  const known = memory.changed
  const doubtful = [...living.values()].filter((machine) => {
    const same = isSame(machine, listed.get(machine.key))
    return same !== undefined && same === known.has(machine.key)
  })
  if (doubtful.length === 0) return
  const keys = doubtful.map(({ key }) => key)
  // A list may lag: nobody is blamed by it alone.
  const looked = await lookAt(session, owner, keys, signal)
  for (const machine of doubtful) {
    const same = isSame(machine, looked.get(machine.key))
    if (same === undefined || same !== known.has(machine.key)) continue
    await deps.store.write((tx) => (same ? noteSame(tx, round, machine) : noteChanged(tx, round, machine)))
    if (same) known.delete(machine.key)
    else known.add(machine.key)
  }
}

/** Undefined: nobody can tell, or it is no member's any more. */
function isSame({ specHash, state, memberState }: Remembered, objects: readonly Observed[] | undefined) {
  const [only, another] = objects ?? []
  if (!only || another || only.specHash === null || memberState === 'leaving') return undefined
  if (state !== 'ready' && state !== 'unhealthy' && state !== 'stopped') return undefined
  return only.specHash === specHash
}

async function noteChanged(tx: Tx, { deps }: Round, machine: Remembered): Promise<void> {
  await openProblem(tx, deps.seams, placeOf(machine), {
    subject: machine.member,
    machineId: machine.id,
    code,
    detail: `The machine of ${machine.member} is not as it was asked for: it was changed at its provider. It works on as it is; change it back, or have it made anew.`,
    resolutions: ['recreate', 'ignore'],
  })
}

async function noteSame(tx: Tx, { deps }: Round, machine: Remembered): Promise<void> {
  const named = { subject: machine.member, machineId: machine.id, code } as const
  await resolveProblem(tx, deps.seams, placeOf(machine), named, 'it is as it was asked for')
}

/** Keys of those that were told, or are not to be told. */
async function loadChanged({ deps, provider }: Round): Promise<Set<string>> {
  const rows = await deps.store.read
    .selectFrom('problems')
    .innerJoin('machines', 'machines.id', 'problems.machine_id')
    .select('resource_key')
    .where('machines.provider_id', '=', provider)
    .where('code', '=', code)
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')]))
    .execute()
  return new Set(rows.map((row) => row.resource_key))
}
