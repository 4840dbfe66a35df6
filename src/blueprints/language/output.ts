import { z } from 'zod'
import { conditionSchema } from './condition.ts'
import { valueSchema } from './value.ts'

export const outputSchema = z
  .strictObject({
    from: valueSchema,
    description: z.string().optional(),
    when: conditionSchema.optional(),
  })
  .meta({ id: 'Output' })

export type OutputSpec = z.infer<typeof outputSchema>
