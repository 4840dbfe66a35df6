import { memoryRemote } from '../../support/memory-remote.ts'
import { memoryWorld } from '../../support/memory-world.ts'
import { virtualClock } from '../../support/virtual-clock.ts'
import type { RemoteHarness } from '../remote/harness.ts'
import { remoteConformance } from '../remote/suite.ts'
import { bootMachine, fateOf } from './fate.ts'

async function memoryHarness(): Promise<RemoteHarness> {
  const clock = virtualClock()
  const world = memoryWorld(clock, { bootMs: 0, jitter: 0 })
  const remote = memoryRemote(world)
  return {
    remote,
    run: (promise) => clock.runUntil(promise),
    machine: async () => {
      const { machine, target } = await bootMachine(world, 'admin')
      return {
        ...fateOf(world, machine, target),
        kill: async (id) => remote.kill(target, id),
        claimOnly: async (id) => remote.claimOnly(target, id),
      }
    },
    [Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
  }
}

remoteConformance('a machine in memory', memoryHarness)
