// Deletions from where a platform need not be when it is deleted, each cut at every boundary.

import { pause } from '../../src/resources/platforms/rest.ts'
import type { MemoryLife } from './installation.ts'
import { built, remove, type Shape } from './operations.ts'
import type { Process } from './process.ts'
import { inState, isAsleep, sleep } from './resting.ts'
import type { MemoryOperation } from './start.ts'

export function removedAsleep(shape: Shape): MemoryOperation {
  return {
    ...remove(shape),
    name: 'delete of a platform that is hibernated',
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(sleep(process, platform))
      await process.run(isAsleep)
      return platform
    },
  }
}

export function removedPaused(shape: Shape): MemoryOperation {
  return {
    ...remove(shape),
    name: 'delete of a platform that is paused',
    async prepare(life, process) {
      const platform = await built(process, shape)
      await life.wait(inState(process, platform, ['ready'], (tx, scope, row) => pause(process, tx, scope, row)))
      return platform
    },
  }
}

/** All its machines are gone already, and nobody has noticed. */
export function removedGone(shape: Shape): MemoryOperation {
  return {
    ...remove(shape),
    name: 'delete of a platform whose machines are gone',
    async prepare(life: MemoryLife, process: Process) {
      const platform = await built(process, shape)
      for (const machine of life.world.living()) life.world.kill(machine, 'vanished')
      return platform
    },
  }
}
