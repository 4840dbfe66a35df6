// What a worker says of one seed.

import { z } from 'zod'

export const resultSchema = z.object({
  seed: z.number(),
  hash: z.string(),
  counts: z.array(z.tuple([z.string(), z.number()])),
  /** Null when every promise held. */
  failure: z.string().nullable(),
})
export type Result = z.infer<typeof resultSchema>
