import { Instant, id, JsonObject, Labels, Name, orNull, z } from '../../http/schema.ts'
import { Cost, Quote } from './schemas.ts'

const GroupWish = z
  .strictObject({
    count: z.int().min(0).max(10_000).optional(),
    flavor: z.string().max(63).optional(),
    image: z.string().max(63).optional(),
  })
  .openapi('GroupWish')

export const PlatformPatch = z
  .strictObject({
    name: Name.optional(),
    labels: Labels.optional(),
    deletionProtection: z.boolean().optional(),
    blueprint: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(@[0-9A-Za-z.+-]+)?$/, 'must be name or name@version')
      .optional()
      .openapi({ description: 'Another version of its blueprint; name alone is the newest.', example: 'swarm@1.1.0' }),
    parameters: JsonObject.optional().openapi({
      description: 'Those that change; the others stay as they are.',
      example: { workers: 5 },
    }),
    groups: z
      .record(z.string(), GroupWish)
      .optional()
      .openapi({
        description: 'The same by group, where its size, flavor or image is a parameter.',
        example: { worker: { count: 5 } },
      }),
  })
  .openapi('PlatformPatch')

export const Rollback = z
  .strictObject({
    revision: z.int().min(1).optional().openapi({ description: 'Without it, the last one that was another.' }),
  })
  .openapi('Rollback')

export const CostDifference = z
  .object({
    before: orNull(Cost),
    during: orNull(Cost).openapi({
      description: 'At most, while it runs: successors are there beside those they replace.',
    }),
    after: orNull(Cost),
  })
  .openapi('CostDifference', {
    description:
      'What the machines cost an hour, by the prices of their providers; replaced ones are taken to stay at theirs. null: not known.',
  })
export type CostDifference = z.infer<typeof CostDifference>

export const PlatformDifference = z
  .object({
    generation: z.int().openapi({ description: 'That the change would have.' }),
    blueprint: z.string(),
    parameters: JsonObject,
    changed: z.array(z.string()).openapi({ description: 'Names of the parameters that differ.' }),
    members: z.array(
      z.object({
        member: z.string().openapi({ example: 'worker-1@2' }),
        group: z.string(),
        what: z.enum(['stays', 'changes', 'replaced', 'removed', 'added', 'returns']).openapi({
          description: 'changes: in place. replaced: another machine takes its place. returns: it was kept warm.',
        }),
        why: z.string(),
        wave: z.int().nullable().openapi({ description: 'When: 0 at once, then wave after wave; null: it stays.' }),
        zone: z.string().nullable(),
        host: z.string().nullable(),
        providerName: z.string().nullable(),
      }),
    ),
    waves: z
      .array(z.array(z.string()))
      .openapi({ description: 'Canaries first; each waits for the health of the one before.' }),
    quote: Quote.omit({ machines: true }).extend({ costPerHour: CostDifference }),
  })
  .openapi('PlatformDifference')
export type PlatformDifference = z.infer<typeof PlatformDifference>

export const Revision = z
  .object({
    number: z.int(),
    kind: z.enum(['create', 'change', 'rollback', 'renew']),
    blueprint: z.string(),
    parameters: JsonObject,
    current: z.boolean(),
    renews: z.boolean().openapi({ description: 'Every machine was made anew.' }),
    actor: z.string(),
    createdAt: Instant,
    settledAt: Instant.nullable().openapi({ description: 'When every member followed it.' }),
  })
  .openapi('Revision')
export type Revision = z.infer<typeof Revision>

export const RevisionList = z.object({ items: z.array(Revision) }).openapi('RevisionList')
export const platformParams = z.object({ platform: id('platform') })
