import { Instant, id, z } from '../../http/schema.ts'

export const Version = z
  .object({
    version: z.string().openapi({ example: '0.1.0' }),
    api: z.literal('v1'),
    node: z.string(),
    installation: id('installation'),
    reportOnly: z
      .boolean()
      .openapi({ description: 'After a restore: nothing is changed until its report is accepted.' }),
    database: z.enum(['sqlite', 'postgres']),
    startedAt: Instant,
  })
  .openapi('Version')

export const Liveness = z.object({ status: z.literal('ok') }).openapi('Liveness')

export const Readiness = z
  .object({ status: z.literal('ok'), checks: z.record(z.string(), z.string()) })
  .openapi('Readiness')
