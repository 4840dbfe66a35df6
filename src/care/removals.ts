// A machine that is to go and cannot be proven gone: its provider, its credentials or the right to remove it are away. It is
// tried again slowly by itself; that it never will be seen gone only a person can know, who then lets go of it.

import { machineKey } from '../blueprints/index.ts'
import type { PlatformView } from '../engine/index.ts'
import type { Seams } from '../kernel/seams.ts'
import { sentence } from '../kernel/sentence.ts'
import type { Tx } from '../store/store.ts'
import { openProblem } from './problems.ts'

/** Names those whose removal is blocked; the problem ends with the member. True when one was not named before. */
export async function watchRemovals(tx: Tx, seams: Seams, view: PlatformView): Promise<boolean> {
  let changed = false
  for (const { ref, state, machine } of view.members.values()) {
    if (state !== 'leaving' || machine.state !== 'deleting') continue
    const record = view.records.get(machineKey(ref))
    if (record?.status !== 'blocked' || record.problem === null) continue
    const object = machine.nativeRef === null ? machine.resourceKey : `${machine.resourceKey} (${machine.nativeRef})`
    const detail = `The machine of ${ref} is to go and cannot be proven gone: ${sentence(record.problem.detail)} At its provider it is ${object}. Mend that, and it goes by itself; if it never can be mended, let go of it.`
    const problem = { subject: ref, machineId: machine.id, code: 'machine_not_gone', detail } as const
    if (await openProblem(tx, seams, view, { ...problem, resolutions: ['retry', 'forget'] })) changed = true
  }
  return changed
}
