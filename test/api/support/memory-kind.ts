// A provider kind over worlds in memory, with what registration is judged by: a password that can be wrong, an address
// that can be unreachable, a secret inside a list.

import { z } from 'zod'
import { simulatedSession } from '../../../providers/simulated/session.ts'
import { type Cloud, cloudOf } from '../../../providers/simulated/world/cloud.ts'
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

/** A server: a world under an identity. */
export interface MemoryServer {
  readonly world: World
  readonly identity: string
}

/** Servers by address. What a test writes here is met by the next call, also of a session that is open. */
export type MemoryServers = Map<string, MemoryServer>

export const upUrl = 'memory://up'

export function memoryServers(world: World): MemoryServers {
  return new Map([[upUrl, { world, identity: 'server-a' }]])
}

export function memoryKinds(servers: MemoryServers): Kinds {
  const at = (url: string): Cloud => {
    const server = servers.get(url)
    if (!server) throw new ProviderFault({ kind: 'transient', outcome: 'none' }, `connect ECONNREFUSED ${url}`)
    return cloudOf(server.world, server.identity)
  }
  const kind: ProviderKind<Config> = {
    kind: 'memory',
    simulated: true,
    config: configSchema,
    machineSpec: z.unknown(),
    async connect(config) {
      const cloud = whereverItLeads(() => at(config.url))
      if (config.password !== rightPassword) {
        throw new ProviderFault({ kind: 'denied', outcome: 'none' }, 'wrong password')
      }
      return simulatedSession(cloud, realSeams().clock)
    },
  }
  return { names: ['memory'], get: async (name) => (name === 'memory' ? kind : undefined) }
}

/** The cloud that the address leads to at the moment of the call. */
function whereverItLeads(cloud: () => Cloud): Cloud {
  const { capabilities } = cloud()
  return {
    capabilities,
    probe: async () => cloud().probe(),
    hosts: async () => cloud().hosts(),
    create: async (key, request) => cloud().create(key, request),
    find: async (keys) => cloud().find(keys),
    list: async (owner) => cloud().list(owner),
    pages: async (owner, known) => cloud().pages(owner, known),
    destroy: async (ref) => cloud().destroy(ref),
    power: async (ref, to) => cloud().power(ref, to),
    hasImage: async (ref) => cloud().hasImage(ref),
  }
}
