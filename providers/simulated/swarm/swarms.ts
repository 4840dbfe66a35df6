import type { Seams } from '../../../src/kernel/seams.ts'
import type { Machine } from '../shell/machine.ts'

// Placeholder shape of the clusters in the simulated network.
export interface Swarms {
  readonly seams: Seams
  readonly reach: (address: string) => Machine | undefined
}

export function createSwarms(seams: Seams, reach: (address: string) => Machine | undefined): Swarms {
  return { seams, reach }
}
