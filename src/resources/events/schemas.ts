import { Instant, JsonObject, z } from '../../http/schema.ts'

export const Event = z
  .object({
    id: z.int().openapi({ description: 'Grows in the order of commit; resume after it.', example: 1842 }),
    at: Instant,
    kind: z.string().openapi({ example: 'step.started' }),
    tenant: z.string().nullable(),
    project: z.string().nullable(),
    platform: z.string().nullable(),
    machine: z.string().nullable(),
    task: z.string().nullable(),
    step: z.string().nullable().openapi({ example: 'script/worker-4@1/join' }),
    subject: z.object({ kind: z.string(), id: z.string() }),
    from: z.string().nullable(),
    to: z.string().nullable(),
    actor: z.string(),
    cause: z.string().nullable(),
    data: JsonObject,
  })
  .openapi('Event')
export type Event = z.infer<typeof Event>

export const EventList = z
  .object({
    items: z.array(Event),
    next: z.int().openapi({ description: 'Give it as `after` to go on; events that do not exist yet come later.' }),
    more: z.boolean().openapi({ description: 'Whether more exist already.' }),
  })
  .openapi('EventList')

export const Transition = z
  .object({
    event: z.int(),
    at: Instant,
    kind: z.string(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    cause: z.string().nullable(),
    actor: z.string(),
  })
  .openapi('Transition')
export type Transition = z.infer<typeof Transition>

export const History = z.object({ items: z.array(Transition) }).openapi('History')
