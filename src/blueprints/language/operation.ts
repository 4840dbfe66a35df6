import { z } from 'zod'
import { outputSchema } from './output.ts'
import { parameterSchema } from './parameter.ts'
import { inputName, parameterName, stepName } from './primitives.ts'
import { operationSelectionSchema } from './selection.ts'
import { stepSchema } from './step.ts'

// What is done to a platform when somebody asks, once: rotate, back up, check. The steps are those of the language, with
// what only makes sense for steps that hold for ever left out: nothing here is once or fresh, because all of it is once.

export const operationStepSchema = stepSchema
  .omit({ once: true, fresh: true })
  .extend({
    on: operationSelectionSchema,
    onLost: z
      .enum(['rerun', 'block'])
      .optional()
      .meta({ description: 'When an attempt vanished with its machine (reboot, kill): rerun. block fails it.' }),
  })
  .strict()
  .meta({ id: 'OperationStep' })

export const operationSchema = z
  .strictObject({
    description: z.string().optional(),
    mode: z.enum(['shared', 'exclusive']).optional().meta({
      description: 'shared runs beside repair and change; exclusive holds them while it runs. shared.',
    }),
    parameters: z.record(parameterName, parameterSchema).optional(),
    steps: z.record(stepName, operationStepSchema),
    outputs: z.record(inputName, outputSchema).optional(),
  })
  .meta({ id: 'Operation', description: 'Run once when somebody asks, and kept as history.' })

export type OperationSpec = z.infer<typeof operationSchema>
export type OperationMode = NonNullable<OperationSpec['mode']>
