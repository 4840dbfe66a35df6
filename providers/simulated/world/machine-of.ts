import type { Seams } from '../../../src/kernel/seams.ts'
import type { Commands, Machine, MachineFacts, Surroundings } from '../shell/inside.ts'
import { createMachine } from '../shell/machine.ts'
import { machineFrom } from '../shell/machine-from.ts'
import type { Swarms } from '../swarm/swarms.ts'
import type { SimMachineState } from './copy.ts'
import type { WorldLayout } from './layout.ts'
import { answers, type SimMachine } from './sim-machine.ts'

// A machine of the cloud with what is in it, which is made when somebody enters: a machine nobody has entered costs next to
// nothing. One that goes on from another world is as it was there.

/** What a machine knows of the world it is in. */
interface Neighbourhood {
  readonly swarms: Swarms
  byAddress(address: string): SimMachine | undefined
  reset(machine: SimMachine): void
}

export interface Home {
  readonly layout: WorldLayout
  /** Of what is in machines. */
  readonly seams: Seams
  readonly commands: Commands
  world(): Neighbourhood
}

export function machineOf({ within, ...data }: SimMachineState, home: Home): SimMachine {
  const { layout, seams, commands, world } = home
  const now = (): number => seams.clock.now()
  const facts = (): MachineFacts => ({
    hostname: data.request.hostname,
    addresses: [data.address],
    image: data.request.image,
    ...data.request.resources,
    loginUser: data.request.loginUser,
    workFactor: layout.workFactor,
  })
  const around = (): Surroundings => ({
    swarms: world().swarms,
    reboot: () => world().reset(machine),
    answers: () => answers(machine, now()),
    reaches: (to) => {
      const other = world().byAddress(to)
      return other !== undefined && answers(other, now())
    },
  })
  let inside: Machine | null = within && machineFrom(within, facts(), seams, commands, around())
  const machine: SimMachine = {
    ...data,
    inside: () => {
      inside ??= createMachine(facts(), seams, commands, around())
      return inside
    },
    get entered() {
      return inside !== null
    },
  }
  return machine
}
