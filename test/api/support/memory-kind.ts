// A provider kind over worlds in memory, with what registration is judged by: a password that can be wrong, an address
// that can be unreachable, a secret inside a list.

import { z } from 'zod'
import { simulatedSession } from '../../../providers/simulated/session.ts'
import { cloudOf } from '../../../providers/simulated/world/cloud.ts'
import { type WorldInput, worldLayout } from '../../../providers/simulated/world/layout.ts'
import { createWorld, type World } from '../../../providers/simulated/world/world.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import type { ProviderKind } from '../../../src/provider/contract.ts'
import { ProviderFault } from '../../../src/provider/fault.ts'
import type { Kinds } from '../../../src/provider/registry.ts'
import { seededRandom } from '../../support/random.ts'

const configSchema = z.strictObject({
  url: z.string().default('memory://up'),
  password: z.string().meta({ secret: true }),
  keys: z.array(z.strictObject({ name: z.string(), key: z.string().meta({ secret: true }) })).optional(),
})
type Config = z.output<typeof configSchema>

export const rightPassword = 'correct-horse-battery'

export function quickWorld(input: WorldInput = {}): World {
  const layout = worldLayout.parse({ bootMs: 20, destroyMs: 10, workFactor: 0, ...input })
  return createWorld(layout, realSeams(), seededRandom(layout.seed))
}

export function memoryKinds(world: World): Kinds {
  const kind: ProviderKind<Config> = {
    kind: 'memory',
    simulated: true,
    config: configSchema,
    machineSpec: z.unknown(),
    async connect(config) {
      if (config.url !== 'memory://up') {
        throw new ProviderFault({ kind: 'transient', outcome: 'none' }, `connect ECONNREFUSED ${config.url}`)
      }
      if (config.password !== rightPassword) {
        throw new ProviderFault({ kind: 'denied', outcome: 'none' }, 'wrong password')
      }
      return simulatedSession(cloudOf(world), world.seams.clock)
    },
  }
  return { names: ['memory'], get: async (name) => (name === 'memory' ? kind : undefined) }
}
