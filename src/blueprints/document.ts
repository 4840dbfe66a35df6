import { z } from 'zod'
import { machineCheckSchema } from './language/check.ts'
import { operationSchema } from './language/operation.ts'
import { outputSchema } from './language/output.ts'
import { parameterSchema } from './language/parameter.ts'
import { groupName, inputName, labelHint, parameterName, paramRef, stepName } from './language/primitives.ts'
import { drainSchema, healthSchema, leaveSchema, returnSchema, stepSchema } from './language/step.ts'
import { updateSchema } from './language/update.ts'

// blueprint.yaml as its author writes it, read top to bottom. Data only: no loops, no arithmetic, no templates, so
// that every plan it can ever make can be checked before the first one is made. What refers to what is checked in
// checks/; defaults that are not written are applied where they are used, so the digest is of what was written.

const spreadRule = z.union([z.enum(['must', 'should']), paramRef])

const groupSchema = z
  .strictObject({
    description: z.string().optional(),
    count: z.union([z.int().min(0).max(10_000), paramRef]).meta({ description: 'How many members.' }),
    flavor: z.union([z.string(), paramRef]).meta({ description: 'Name of a flavor, or { param: ... }.' }),
    image: z.union([z.string(), paramRef]).meta({ description: 'Name of an image, or { param: ... }.' }),
    spread: z
      .strictObject({ host: spreadRule.optional(), zone: spreadRule.optional() })
      .optional()
      .meta({ description: 'Members of the group must, or should, not share a host or zone.' }),
    quorum: z.boolean().optional().meta({
      description: 'Members vote: they are replaced one at a time, the old one gone before the new one joins.',
    }),
  })
  .meta({ id: 'Group' })

export const documentSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z]([a-z0-9-]*[a-z0-9])?$/, labelHint())
      .max(63),
    version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$/, 'Write three numbers: 1.0.0.'),
    description: z.string().optional(),
    parameters: z.record(parameterName, parameterSchema).optional(),
    groups: z.record(groupName, groupSchema),
    steps: z.record(stepName, stepSchema).optional(),
    leave: z.record(groupName, leaveSchema).optional(),
    drain: z.record(groupName, drainSchema).optional(),
    return: z.record(groupName, returnSchema).optional(),
    health: z
      .strictObject({
        platform: healthSchema.optional(),
        machines: z.record(groupName, machineCheckSchema).optional().meta({ description: 'By group.' }),
      })
      .optional(),
    update: updateSchema.optional(),
    operations: z.record(stepName, operationSchema).optional(),
    outputs: z.record(inputName, outputSchema).optional(),
  })
  .meta({ title: 'Gantry blueprint', description: 'blueprint.yaml of a Gantry blueprint.' })

/** blueprint.yaml, parsed. JSON all through. */
export type BlueprintDocument = z.infer<typeof documentSchema>
export type GroupDocument = z.infer<typeof groupSchema>

/** A blueprint whose document and scripts have been checked. */
export interface Blueprint {
  readonly document: BlueprintDocument
  /** Path, e.g. scripts/join.sh -> text and SHA-256 (hex) of every script that the document names. */
  readonly scripts: Readonly<Record<string, { readonly text: string; readonly digest: string }>>
}
