// A world as it is at rest: plain data, for another world to go on with. Who listens to it and its chance belong to whoever
// made it.

import type { NativeRef } from '../../../src/provider/contract.ts'
import { type MachineState, machineState } from '../shell/copy.ts'
import type { ClusterState } from '../swarm/copy.ts'
import type { Entry } from './agenda.ts'
import type { FaultSwitches } from './layout.ts'
import type { SimMachine } from './sim-machine.ts'

/** Whatever a machine is seen as from outside, and what is in it: null when nobody has entered it yet. */
export type SimMachineState = Omit<SimMachine, 'inside' | 'entered'> & { readonly within: MachineState | null }

/** What is due of a machine that leaves: its room is free, or lists have forgotten it. */
export interface Leaving {
  readonly ref: NativeRef
  readonly what: 'room' | 'list'
}

export interface WorldState {
  readonly serial: number
  readonly faults: FaultSwitches
  readonly agenda: readonly Entry<Leaving>[]
  /** In the order in which they were made. */
  readonly machines: readonly SimMachineState[]
  /** Those that take room. */
  readonly room: readonly NativeRef[]
  readonly clusters: readonly ClusterState[]
}

/** Undefined while something runs in one of them. */
export function simMachineStates(machines: Iterable<SimMachine>): readonly SimMachineState[] | undefined {
  const states: SimMachineState[] = []
  for (const { inside, entered, ...data } of machines) {
    const within = entered ? machineState(inside()) : null
    if (within === undefined) return undefined
    states.push({ ...data, within })
  }
  return states
}
