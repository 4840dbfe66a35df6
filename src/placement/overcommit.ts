import { z } from 'zod'
import type { Resources } from './types.ts'

/** Factors by which a provider's declared capacity counts; 1 when not given. */
export const overcommitSchema = z.object({
  cpu: z.number().positive().default(1),
  memory: z.number().positive().default(1),
  disk: z.number().positive().default(1),
})

export interface HostCapacity {
  readonly cpu: number | null
  readonly memory_bytes: number | null
  readonly disk_bytes: number | null
}

/** Declared x overcommit, in whole units; null for a zone that does not show its hosts. `overcommit` is JSON text. */
export function totalOf(host: HostCapacity, overcommit: string): Resources | null {
  if (host.cpu === null || host.memory_bytes === null || host.disk_bytes === null) return null
  const factor = overcommitSchema.parse(JSON.parse(overcommit))
  return {
    cpu: Math.floor(host.cpu * factor.cpu),
    memoryBytes: Math.floor(host.memory_bytes * factor.memory),
    diskBytes: Math.floor(host.disk_bytes * factor.disk),
  }
}
