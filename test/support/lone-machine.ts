import type { MachineFacts, Surroundings } from '../../providers/simulated/shell/inside.ts'
import { createSwarms } from '../../providers/simulated/swarm/swarms.ts'
import type { Seams } from '../../src/kernel/seams.ts'

/** A simulated machine whose work takes no time. */
export const loneFacts: MachineFacts = {
  hostname: 'm',
  addresses: ['10.77.0.2'],
  image: 'debian-12',
  cpu: 2,
  memoryBytes: 2 ** 30,
  diskBytes: 2 ** 34,
  loginUser: 'admin',
  workFactor: 0,
}

/** A network in which there is nobody else. */
export function loneSurroundings(seams: Seams): Surroundings {
  return {
    swarms: createSwarms(seams, () => undefined),
    reboot: () => {},
    answers: () => true,
    reaches: () => false,
  }
}
