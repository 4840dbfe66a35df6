import { Bytes, Instant, id, orNull, pageOf, z } from '../../http/schema.ts'

export const Resources = z
  .object({
    cpu: z.number().openapi({ description: 'Virtual CPUs, COUNT.', example: 8 }),
    memoryBytes: Bytes,
    diskBytes: Bytes,
  })
  .openapi('Resources')
export type Resources = z.infer<typeof Resources>

export const Host = z
  .object({
    name: z.string().openapi({ example: 'host-1' }),
    provider: id('provider'),
    providerName: z.string(),
    zone: z.string(),
    state: z.enum(['ready', 'maintenance', 'unreachable', 'gone']),
    capacity: orNull(Resources).openapi({ description: 'As declared by the provider; null when it does not say.' }),
    free: orNull(Resources).openapi({
      description:
        'Declared x overcommit, less our reservations, less the use of others; null when capacity is unknown.',
    }),
    reserved: Resources.openapi({ description: 'Held by our own machines.' }),
    others: Resources.openapi({ description: 'Used by others.' }),
    machines: z.int(),
    seenAt: Instant,
  })
  .openapi('Host')
export type Host = z.infer<typeof Host>

export const HostList = pageOf('HostList', Host)

export const Zone = z
  .object({
    name: z.string(),
    provider: id('provider'),
    providerName: z.string(),
    hosts: z.int(),
    hostsReady: z.int(),
    capacity: orNull(Resources),
    free: orNull(Resources),
    machines: z.int(),
  })
  .openapi('Zone')
export type Zone = z.infer<typeof Zone>

export const ZoneList = pageOf('ZoneList', Zone)
