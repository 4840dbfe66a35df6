// What an installation sets in its file (`gantry serve --config`): the sizes it offers and the quota keys it counts.

import { z } from 'zod'
import { quotaKeyPattern } from '../quota/index.ts'

const gib = 1024 ** 3

const flavorSchema = z.strictObject({
  cpu: z.int().positive().max(1024),
  memoryBytes: z.int().positive(),
  diskBytes: z.int().positive(),
  /** Quota keys beyond vm.count, vm.cpu, vm.memory and disk.capacity that one machine of it takes. */
  cost: z
    .record(z.string().regex(quotaKeyPattern, 'must be a quota key such as license.count'), z.int().min(0))
    .default({}),
})

const builtInFlavors: Readonly<Record<string, z.output<typeof flavorSchema>>> = {
  small: { cpu: 1, memoryBytes: gib, diskBytes: 10 * gib, cost: {} },
  medium: { cpu: 2, memoryBytes: 2 * gib, diskBytes: 20 * gib, cost: {} },
  large: { cpu: 4, memoryBytes: 8 * gib, diskBytes: 40 * gib, cost: {} },
}

export const configSchema = z.strictObject({
  flavors: z
    .record(z.string().regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/), flavorSchema)
    .default({})
    .transform((own): Readonly<Record<string, z.output<typeof flavorSchema>>> => ({ ...builtInFlavors, ...own })),
  quotaKeys: z.array(z.string().regex(quotaKeyPattern, 'must be a quota key such as license.count')).default([]),
  /** When so many machines of a provider, or of a platform, are down that none of them is repaired by itself. */
  meltdown: z
    .strictObject({
      /** Share of them, 0 to 1. */
      fraction: z.number().min(0).max(1).default(0.2),
      windowMinutes: z.int().min(1).max(1440).default(10),
      /** With no more down than this repair goes on, COUNT. */
      minimum: z.int().min(0).default(5),
    })
    .prefault({}),
  /** Platforms worked on at once, COUNT. */
  concurrency: z.int().min(1).max(10_000).default(64),
})
export type Config = z.infer<typeof configSchema>
export type FlavorConfig = z.infer<typeof flavorSchema>
