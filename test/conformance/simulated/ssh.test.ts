import { openDoors } from '../../../providers/simulated/daemon/doors.ts'
import { createChance } from '../../../providers/simulated/world/chance.ts'
import { worldLayout } from '../../../providers/simulated/world/layout.ts'
import { createWorld } from '../../../providers/simulated/world/world.ts'
import { sshRemote } from '../../../src/bootstrap/index.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import type { RemoteHarness } from '../remote/harness.ts'
import { remoteConformance } from '../remote/suite.ts'
import { bootMachine, fateOf } from './fate.ts'

// The runner as it is sent to real machines, unchanged, over real SSH to a simulated one.

async function simulatedHarness(user: string): Promise<RemoteHarness> {
  const seams = realSeams()
  const doors = openDoors(seams)
  const layout = worldLayout.parse({ bootMs: 0, jitter: 0 })
  const world = createWorld(layout, seams, createChance(1), doors.open)
  doors.serve(world)
  const remote = sshRemote(seams)
  return {
    remote,
    machine: async () => {
      const { machine, target } = await bootMachine(world, user)
      const { disk, processes } = machine.inside()
      const attempts = '/var/lib/gantry/attempts'
      return {
        ...fateOf(world, machine, target),
        kill: async (id) => {
          const owner = await disk.readFile(`${attempts}/${id}/owner`)
          processes.find(Number(owner.split(' ')[1]))?.kill('KILL')
        },
        claimOnly: async (id) => disk.mkdir(`${attempts}/${id}`),
      }
    },
    [Symbol.asyncDispose]: async () => {
      await remote[Symbol.asyncDispose]()
      for (const machine of world.living()) world.kill(machine, 'vanished')
      doors.close()
    },
  }
}

remoteConformance('a simulated machine over SSH, as root', () => simulatedHarness('root'))
remoteConformance('a simulated machine over SSH, with sudo', () => simulatedHarness('admin'))
