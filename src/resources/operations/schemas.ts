import { id, JsonObject, z } from '../../http/schema.ts'
import { PlanStepView } from '../platforms/index.ts'

export const OperationRun = z
  .strictObject({
    operation: z.string().max(63).openapi({ example: 'rotate-join-tokens' }),
    parameters: JsonObject.default({}).openapi({ description: "By the operation's parameter schema." }),
  })
  .openapi('OperationRun')

export const OperationPreview = z
  .object({
    platform: id('platform'),
    operation: z.string(),
    mode: z.enum(['shared', 'exclusive']),
    parameters: JsonObject.openapi({ description: 'With the defaults filled in.' }),
    members: z.array(z.string()).openapi({
      description: 'Who is part of the platform now; later ones would not be concerned.',
      example: ['manager-0@1'],
    }),
    steps: z
      .array(PlanStepView)
      .openapi({ description: 'In their keys `<task>` stands for the task that would be made.' }),
  })
  .openapi('OperationPreview')
