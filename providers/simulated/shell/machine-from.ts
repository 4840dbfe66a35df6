import type { Seams } from '../../../src/kernel/seams.ts'
import type { MachineState } from './copy.ts'
import { engineOf } from './docker/engine.ts'
import type { Commands, Machine, MachineFacts, Surroundings } from './inside.ts'
import { createMachine } from './machine.ts'

/** A machine that goes on from the inside of another one. */
export function machineFrom(
  state: MachineState,
  facts: MachineFacts,
  seams: Seams,
  commands: Commands,
  around: Surroundings,
): Machine {
  const machine = createMachine(facts, seams, commands, around, state)
  Object.assign(engineOf(machine), structuredClone(state.engine))
  return machine
}
