import { Instant, id, Labels, Name, pageOf, z } from '../../http/schema.ts'
import { quotaKeyPattern } from '../../quota/index.ts'

/** Unlimited is said, never implied: a key that is not named grants nothing. */
export const Amount = z
  .union([z.int().min(0), z.literal('unlimited')])
  .openapi({ description: 'COUNT, or bytes for memory and disk; `unlimited` must be said.', example: 12 })

export const Limits = z
  .record(z.string().regex(quotaKeyPattern, 'must be a quota key such as vm.count'), Amount)
  .openapi('Limits', {
    description: 'Quota key -> amount. A key that is not named grants nothing.',
    example: {
      'platform.count': 4,
      'vm.count': 12,
      'vm.cpu': 24,
      'vm.memory': 68719476736,
      'disk.capacity': 549755813888,
    },
  })

export const Usage = z.object({ limit: Amount, used: z.int().min(0), left: Amount }).openapi('Usage')
export type Usage = z.infer<typeof Usage>

export const TicketCreate = z
  .strictObject({ name: Name, limits: Limits, labels: Labels.default({}) })
  .openapi('TicketCreate')

export const TicketPatch = z
  .strictObject({
    name: Name.optional(),
    labels: Labels.optional(),
    limits: Limits.optional().openapi({ description: 'Keys named here are set; keys not named stay.' }),
  })
  .openapi('TicketPatch')

export const Ticket = z
  .object({
    id: id('ticket'),
    name: Name,
    tenant: id('tenant'),
    limits: z.record(z.string(), Usage),
    shares: z.array(z.object({ project: id('project'), projectName: Name, limits: z.record(z.string(), Usage) })),
    labels: Labels,
    createdAt: Instant,
  })
  .openapi('Ticket')
export type Ticket = z.infer<typeof Ticket>

export const TicketList = pageOf('TicketList', Ticket)
