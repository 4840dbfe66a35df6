import { simulatedSession } from '../../providers/simulated/session.ts'
import { createChance } from '../../providers/simulated/world/chance.ts'
import { cloudOf } from '../../providers/simulated/world/cloud.ts'
import { type WorldInput, worldLayout } from '../../providers/simulated/world/layout.ts'
import { createWorld, type World } from '../../providers/simulated/world/world.ts'
import type { Session } from '../../src/provider/contract.ts'
import { quorumctl } from './quorumctl.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { warmShell } from './warm-shell.ts'

// The simulated cloud in the test's own process and on its own clock: the world, the commands and the swarm
// are those of providers/simulated; only the sockets are left out.

// The interpreter loads its commands when they are first used; a load under way would look like rest to the clock.
await warmShell()

/** A world on `clock`; its chance is its own, so that what an engine draws does not move its machines. */
export function memoryWorld(clock: VirtualClock, input: WorldInput = {}): World {
  const layout = worldLayout.parse(input)
  const quorum = quorumctl(clock.seams, (address) => {
    const machine = world.byAddress(address)?.inside()
    return machine?.around.answers() ? machine : undefined
  })
  const world: World = createWorld(layout, clock.seams, createChance(layout.seed), undefined, quorum)
  return world
}

/** The provider session of a memory world. Any number may be open at once. */
export function memorySession(world: World): Session {
  return simulatedSession(cloudOf(world), world.seams.clock)
}
