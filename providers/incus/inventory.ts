// Failure domains and capacity. Every cluster member is a zone with itself as its only host; a standalone server is one
// of each. Use is what instances were promised or what is in use, whichever is more: both lie in one direction only.

import { z } from 'zod'
import type { HostReport, Resources } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api } from './api.ts'
import type { Instance } from './instance.ts'
import { everyInstance } from './look.ts'
import { parseBytes } from './sizes.ts'
import { gate } from './turns.ts'

export const memberSchema = z.object({ server_name: z.string(), status: z.string() })

const resourcesSchema = z.object({
  cpu: z.object({ total: z.number() }),
  memory: z.object({ total: z.number(), used: z.number() }),
})

const poolSchema = z.object({ space: z.object({ total: z.number().default(0), used: z.number().default(0) }) })

/** Members measured at once: each reads its hardware for it. */
const measuredAtOnce = 8

export interface Measuring {
  readonly api: Api
  readonly pool: string
  /** Name of the standalone server, null in a cluster. */
  readonly standalone: string | null
  /** Whether we may read capacities. */
  readonly hosts: boolean
}

export async function* inventoryOf(measuring: Measuring, signal: AbortSignal): AsyncIterable<HostReport> {
  const { api, standalone, hosts } = measuring
  const members =
    standalone !== null
      ? [{ server_name: standalone, status: 'Online' }]
      : await api.get('/cluster/members', z.array(memberSchema), signal, { recursion: '1' })
  const instances = hosts ? await everyInstance(api, signal) : []
  const few = gate(measuredAtOnce)
  const reports = members.map(async ({ server_name: name, status }): Promise<HostReport> => {
    const host = { name, zone: name, state: stateOf(status), capacity: null, used: null }
    if (!hosts || host.state === 'unreachable') return host
    const here = instances.filter(({ location }) => standalone !== null || location === name)
    try {
      return { ...host, ...(await few(() => measure(measuring, name, here, signal), signal)) }
    } catch (error) {
      // One member that has just gone away must not hide the others; a server of its own that does is the provider itself.
      if (standalone !== null || signal.aborted || !(error instanceof ProviderFault)) throw error
      return { ...host, state: 'unreachable' }
    }
  })
  yield* await Promise.all(reports)
}

/** Whether this client may read capacities: a certificate restricted to projects may not. */
export async function mayMeasure(api: Api, signal: AbortSignal): Promise<boolean> {
  try {
    await api.get('/resources', resourcesSchema, signal)
    return true
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'denied') return false
    throw error
  }
}

function stateOf(status: string): HostReport['state'] {
  if (status === 'Online') return 'ready'
  return status === 'Offline' ? 'unreachable' : 'maintenance'
}

async function measure(
  { api, pool, standalone }: Measuring,
  name: string,
  instances: readonly Instance[],
  signal: AbortSignal,
): Promise<{ capacity: Resources; used: Resources }> {
  const target: Record<string, string> = standalone === null ? { target: name } : {}
  const [{ cpu, memory }, { space }] = await Promise.all([
    api.get('/resources', resourcesSchema, signal, target),
    api.get(`/storage-pools/${encodeURIComponent(pool)}/resources`, poolSchema, signal, target),
  ])
  const promised = promises(instances)
  return {
    capacity: { cpu: cpu.total, memoryBytes: memory.total, diskBytes: space.total },
    used: {
      cpu: promised.cpu,
      memoryBytes: Math.max(promised.memoryBytes, memory.used),
      diskBytes: Math.max(promised.diskBytes, space.used),
    },
  }
}

/** What instances may use by their limits. One without a limit promises nothing that could be counted. */
export function promises(instances: readonly Instance[]): Resources {
  const sum = { cpu: 0, memoryBytes: 0, diskBytes: 0 }
  for (const { expanded_config: config, expanded_devices: devices } of instances) {
    const cpu = config['limits.cpu'] ?? ''
    if (/^\d+$/.test(cpu)) sum.cpu += Number(cpu)
    sum.memoryBytes += parseBytes(config['limits.memory'] ?? '') ?? 0
    for (const device of Object.values(devices)) {
      if (device.path === '/') sum.diskBytes += parseBytes(device.size ?? '') ?? 0
    }
  }
  return sum
}
