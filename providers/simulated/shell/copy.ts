// A machine's inside as it is at rest, for another machine to go on with: what is on its disk and in its memory, but no
// running process, which nobody could copy.

import type { Engine } from '../swarm/engine.ts'
import { type DiskState, diskState } from './disk.ts'
import { engineOf } from './docker/engine.ts'
import type { Machine } from './inside.ts'

type Data = { [K in keyof Machine]: Machine[K] extends (...args: never[]) => unknown ? never : K }[keyof Machine]
/** What it is made with. */
type Given = 'commands' | 'programs' | 'around' | 'facts' | 'seams' | 'root'
/** Of running processes alone. */
type Running = 'locks' | 'pipes'
/** Whatever else it has, also what it will have: a field that is added and not copied does not compile. */
type Kept = Pick<Machine, Exclude<Data, Given | Running | 'processes' | 'disk'>>

export interface MachineState {
  readonly kept: Kept
  readonly disk: DiskState
  readonly lastPid: number
  readonly engine: Pick<Engine, 'membership' | 'images'>
}

/** Undefined while something runs in it. */
export function machineState(machine: Machine): MachineState | undefined {
  const { processes, locks, pipes } = machine
  if (processes.list().length + locks.size + pipes.size > 0) return undefined
  const { hostname, bootId, bootedAt, diskFull, packages, services, enabled } = machine
  const { membership, images } = engineOf(machine)
  return {
    kept: structuredClone({ hostname, bootId, bootedAt, diskFull, packages, services, enabled }),
    disk: diskState(machine.disk),
    lastPid: processes.lastPid,
    engine: structuredClone({ membership, images }),
  }
}
