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
    inMaintenance: z.boolean().openapi({
      description: 'Put in maintenance here; `state` is `maintenance` then, and also when the provider itself says so.',
    }),
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

export const MaintenanceStart = z
  .strictObject({
    reason: z.string().min(1).max(500).nullable().default(null).openapi({ example: 'new memory modules' }),
    deadline: Instant.nullable().default(null).openapi({
      description: 'Until then platforms with a maintenance window are moved in it only; null: all from now on.',
    }),
  })
  .openapi('MaintenanceStart')

const LeftMachine = z
  .object({
    machine: id('machine'),
    name: z.string().openapi({ description: 'The member and its incarnation.', example: 'worker-1@2' }),
    platform: id('platform'),
    platformName: z.string(),
    state: z.enum(['leaving', 'waiting', 'stuck']).openapi({
      description:
        'leaving: its successor is being made and it goes; waiting: its turn comes by itself; stuck: something must happen first, see `reason`.',
    }),
    reason: z.string(),
  })
  .openapi('LeftMachine')

export const MaintenancePreview = z
  .object({
    host: z.string(),
    machines: z.array(
      z.object({
        machine: id('machine'),
        name: z.string().openapi({ description: 'The member and its incarnation.', example: 'worker-1@2' }),
        platform: id('platform'),
        platformName: z.string(),
        what: z.enum(['moves', 'waits', 'stuck']).openapi({
          description: 'waits: its platform is in no state for it now; stuck: it would stay, see `reason`.',
        }),
        providerName: z.string().nullable().openapi({ description: 'Where its successor would be.' }),
        zone: z.string().nullable(),
        onHost: z.string().nullable(),
        reason: z.string(),
      }),
    ),
  })
  .openapi('MaintenancePreview', {
    description:
      'Where the machines of a host would go. Those who move first may take the place of those who move later.',
  })
export type MaintenancePreview = z.infer<typeof MaintenancePreview>

export const Maintenance = z
  .object({
    id: id('maintenance'),
    provider: id('provider'),
    host: z.string(),
    state: z.enum(['emptying', 'empty', 'ended']),
    reason: z.string().nullable(),
    startedBy: z.string(),
    startedAt: Instant,
    deadline: Instant.nullable().openapi({ description: 'Until then platforms are moved in their windows only.' }),
    emptiedAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    machines: z.int().openapi({ description: 'COUNT of our machines there when it began.' }),
    left: z.array(LeftMachine).openapi({ description: 'Machines that are there still; none once it has ended.' }),
  })
  .openapi('Maintenance', {
    description:
      'Nothing new is placed on the host, and what is there is replaced elsewhere: few of a group at a time, of a quorum one, never of a platform that is in trouble, held, paused or hibernated. It is done when `state` is `empty`, and lasts until it is ended.',
  })
export type Maintenance = z.infer<typeof Maintenance>
