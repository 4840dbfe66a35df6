import { z } from 'zod'

// What a tenant may choose. Flavors and images are names that the installation maps to each provider.

export const parameterTypes = ['integer', 'string', 'boolean', 'flavor', 'image'] as const

const common = { description: z.string().optional() }

export const parameterSchema = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('integer'),
      ...common,
      default: z.int().optional(),
      enum: z.array(z.int()).min(1).optional(),
      minimum: z.int().optional(),
      maximum: z.int().optional(),
    }),
    z.strictObject({
      type: z.literal('string'),
      ...common,
      default: z.string().optional(),
      enum: z.array(z.string()).min(1).optional(),
      pattern: z.string().optional().meta({ description: 'A regular expression that the whole value must match.' }),
      maxLength: z.int().min(1).max(4096).optional(),
    }),
    z.strictObject({ type: z.literal('boolean'), ...common, default: z.boolean().optional() }),
    z.strictObject({ type: z.literal('flavor'), ...common, default: z.string().optional() }),
    z.strictObject({ type: z.literal('image'), ...common, default: z.string().optional() }),
  ])
  .meta({ id: 'Parameter', description: 'A typed parameter; without a default it must be given.' })

export type ParameterSpec = z.infer<typeof parameterSchema>
/** The values a parameter can have. */
export type Scalar = string | number | boolean
