import { Instant, id, pageOf, z } from '../../http/schema.ts'

export const ReceiptObject = z
  .object({
    kind: z.string().openapi({ example: 'machine' }),
    provider: id('provider'),
    providerName: z.string(),
    machine: id('machine'),
    member: z.string(),
    resourceKey: z.string(),
    nativeRef: z.string().nullable(),
    proof: z
      .string()
      .openapi({ description: 'The observation that proved it gone.', example: 'absentByConsistentLookup' }),
    observedAt: Instant,
    reopenedAt: Instant.nullable().openapi({ description: 'When it was seen again.' }),
  })
  .openapi('ReceiptObject')

export const Receipt = z
  .object({
    id: id('receipt'),
    platform: id('platform'),
    platformName: z.string(),
    tenant: id('tenant'),
    project: id('project'),
    state: z.enum(['open', 'complete', 'reopened']),
    createdAt: Instant,
    completedAt: Instant.nullable(),
    objects: z.array(ReceiptObject),
  })
  .openapi('Receipt')
export type Receipt = z.infer<typeof Receipt>

export const ReceiptList = pageOf('ReceiptList', Receipt)
