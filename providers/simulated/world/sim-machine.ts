import type { Endpoint } from '../../../src/kernel/endpoint.ts'
import type { MachineRequest, NativeRef, Observed, OwnerTag, ResourceKey } from '../../../src/provider/contract.ts'
import type { Machine } from '../shell/inside.ts'

// A machine of the simulated cloud, seen from outside. Most of its states are not stored but follow from
// instants and the clock, so that nothing has to wake up for a machine to finish booting.

export interface SimMachine {
  readonly ref: NativeRef
  readonly owner: OwnerTag
  readonly key: ResourceKey
  request: MachineRequest
  readonly zone: string
  readonly host: string
  /** Its address in the simulated network. */
  readonly address: string
  /** Where SSH answers. */
  readonly endpoint: Endpoint
  readonly createdAt: number
  /** From when on lists show it. */
  readonly visibleAt: number
  /** When the boot in progress, or the last one, is over. */
  readyAt: number
  power: 'on' | 'off'
  /** `silent`: it holds its place but answers nothing; `failed`: the provider knows that it broke. */
  health: 'good' | 'silent' | 'failed'
  deniesLogins: boolean
  /** Where the connection breaks in the next call; null when it does not. */
  cutNext: 'beforeItRuns' | 'afterItRan' | null
  /** When it is gone; null while nobody destroyed it. */
  goneAt: number | null
  /** Until when a lagging list shows it after it is gone. */
  shownUntil: number
  /** What is in it; made when first entered. */
  inside(): Machine
  /** Whether anybody has been inside. */
  readonly entered: boolean
}

/** What the cloud says of it at `now`; null once it is gone. */
export function stateOf(machine: SimMachine, now: number): Observed['state'] | null {
  if (machine.goneAt !== null) return now < machine.goneAt ? 'deleting' : null
  if (machine.health === 'failed') return 'failed'
  if (machine.power === 'off') return 'stopped'
  return now < machine.readyAt ? 'creating' : 'running'
}

/** Whether it answers on its network at `now`. */
export function answers(machine: SimMachine, now: number): boolean {
  return stateOf(machine, now) === 'running' && machine.health === 'good'
}
