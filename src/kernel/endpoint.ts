import { z } from 'zod'

// Where a machine listens is said by providers and used by SSH, which do not know each other: so it is the kernel's.

export interface Endpoint {
  readonly address: string
  /** SSH port. */
  readonly port: number
}

/** Endpoints as they are stored. */
export const endpointsSchema = z.array(z.object({ address: z.string(), port: z.number().int().min(1).max(65_535) }))
