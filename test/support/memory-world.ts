import { simulatedSession } from '../../providers/simulated/session.ts'
import { createChance } from '../../providers/simulated/world/chance.ts'
import { cloudOf } from '../../providers/simulated/world/cloud.ts'
import type { WorldState } from '../../providers/simulated/world/copy.ts'
import { type WorldInput, worldLayout } from '../../providers/simulated/world/layout.ts'
import { createWorld, type World } from '../../providers/simulated/world/world.ts'
import type { Session } from '../../src/provider/contract.ts'
import { type QuorumState, quorumctl } from './quorumctl.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { warmShell } from './warm-shell.ts'

// The simulated cloud in the test's own process and on its own clock: the world, the commands and the swarm
// are those of providers/simulated; only the sockets are left out.

// The interpreter loads its commands when they are first used; a load under way would look like rest to the clock.
await warmShell()

/** A world on `clock`; its chance is its own, so that what an engine draws does not move its machines. */
export function memoryWorld(clock: VirtualClock, input: WorldInput = {}): World {
  return openMemoryWorld(clock, input).world
}

export interface MemoryWorldState {
  readonly chance: number
  readonly quorums: QuorumState
  readonly world: WorldState
}

/** The same, which can be copied: one made `from` a state goes on as the other would have. */
export function openMemoryWorld(clock: VirtualClock, input: WorldInput, from?: MemoryWorldState) {
  const layout = worldLayout.parse(input)
  const chance = createChance(from?.chance ?? layout.seed)
  const at = (address: string) => {
    const machine = world.byAddress(address)?.inside()
    return machine?.around.answers() ? machine : undefined
  }
  const quorums = quorumctl(clock.seams, at, from?.quorums)
  const world: World = createWorld(layout, clock.seams, chance, undefined, quorums.commands, from?.world)
  return {
    world,
    /** Undefined while something runs in a machine. */
    state(): MemoryWorldState | undefined {
      const state = world.state()
      return state && { chance: chance.state(), quorums: quorums.state(), world: state }
    },
  }
}

/** The provider session of a memory world. Any number may be open at once. */
export function memorySession(world: World): Session {
  return simulatedSession(cloudOf(world), world.seams.clock)
}
