import { z } from 'zod'
import { worldLayout } from './world/layout.ts'

// What an infra admin fills in: where the world's process keeps its papers, and how the world is made.

export const configSchema = z.strictObject({
  folder: z.string().min(1).meta({
    description: 'A folder of its own. Providers that name the same folder share one world; without it the world ends.',
  }),
  world: worldLayout
    .prefault({})
    .meta({ description: 'Hosts, speed and troubles; read when the world is made, later changes are not.' }),
})
export type SimulatedConfig = z.output<typeof configSchema>

/** A machine of this provider needs nothing that others do not. */
export const machineSpecSchema = z.strictObject({})
export type SimulatedMachineSpec = z.output<typeof machineSpecSchema>
