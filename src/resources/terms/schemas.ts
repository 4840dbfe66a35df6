import { Instant, z } from '../../http/schema.ts'

const Cron = z
  .string()
  .min(9)
  .max(100)
  .openapi({ description: 'Five fields: minute, hour, day of month, month, day of week.', example: '0 20 * * 1-5' })
const TimeZone = z.string().min(1).max(64).openapi({ description: 'IANA name.', example: 'Europe/Berlin' })

export const SchedulePut = z
  .strictObject({
    hibernate: Cron.nullable().openapi({ description: 'When its machines are stopped; null: never.' }),
    wake: Cron.nullable().openapi({ description: 'When they are started; null: never.' }),
    timeZone: TimeZone,
  })
  .openapi('SchedulePut')

export const Schedule = z
  .object({
    hibernate: z.string().nullable(),
    wake: z.string().nullable(),
    timeZone: z.string(),
    nextHibernate: Instant.nullable(),
    nextWake: Instant.nullable(),
    pending: z
      .enum(['hibernate', 'wake'])
      .nullable()
      .openapi({ description: 'What was due and is done as soon as the platform allows it.' }),
  })
  .openapi('Schedule')
export type Schedule = z.output<typeof Schedule>

export const LeasePut = z
  .strictObject({
    expiresAt: Instant.nullable().openapi({ description: 'In the future; null: it is wanted for ever.' }),
    graceSeconds: z
      .int()
      .min(3600)
      .max(365 * 86_400)
      .default(3 * 86_400)
      .openapi({ description: 'From the expiry, when its machines are stopped, to its deletion.' }),
  })
  .openapi('LeasePut')

export const Lease = z
  .object({
    expiresAt: Instant.nullable(),
    graceSeconds: z.int(),
    expired: z.boolean(),
    deletedInSeconds: z.int().nullable().openapi({
      description: 'What is left of the grace, as far as Gantry has watched it pass; null before the expiry.',
    }),
    protected: z
      .boolean()
      .openapi({ description: 'Then it is not deleted when the grace is over; a problem says so.' }),
  })
  .openapi('Lease')
export type Lease = z.output<typeof Lease>

export const AutoUpgradePut = z
  .strictObject({
    follow: z.enum(['none', 'patch', 'minor']).openapi({
      description:
        'Which new versions of its blueprint it follows by itself: none, those in which the last of the three numbers differs, or the last two. Pre-releases never.',
    }),
  })
  .openapi('AutoUpgradePut')
export type AutoUpgradePut = z.output<typeof AutoUpgradePut>

export const AutoUpgrade = z
  .object({
    follow: z.enum(['none', 'patch', 'minor']),
    next: z.string().nullable().openapi({ description: 'The version it would follow to.', example: '1.1.0' }),
    waitsFor: z.string().nullable().openapi({ description: 'Why that is not begun; null: it is about to be.' }),
  })
  .openapi('AutoUpgrade')
export type AutoUpgrade = z.output<typeof AutoUpgrade>

export const WindowPut = z
  .strictObject({
    opens: Cron.nullable().openapi({ description: 'null: at any time.' }),
    durationSeconds: z
      .int()
      .min(60)
      .max(7 * 86_400)
      .default(4 * 3600),
    timeZone: TimeZone,
  })
  .openapi('MaintenanceWindowPut')

export const Window = z
  .object({
    opens: z.string().nullable(),
    durationSeconds: z.int(),
    timeZone: z.string(),
    open: z.boolean(),
    until: Instant.nullable().openapi({ description: 'When it closes, or opens; null: it is always open.' }),
  })
  .openapi('MaintenanceWindow')
export type Window = z.output<typeof Window>
