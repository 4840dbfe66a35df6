import { z } from '../../http/schema.ts'
import { problemCodes } from '../../kernel/problem.ts'

export const ProblemKind = z
  .object({
    code: z.enum(problemCodes),
    title: z.string().openapi({ example: 'Quota exceeded' }),
    status: z.int().openapi({ description: 'Of an answer that is this problem.', example: 409 }),
  })
  .openapi('ProblemKind')

export const ProblemKindList = z.object({ items: z.array(ProblemKind) }).openapi('ProblemKindList')
export type ProblemKind = z.infer<typeof ProblemKind>
