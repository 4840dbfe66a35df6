import { Instant, id, z } from '../../http/schema.ts'

const FoundObject = z
  .object({
    key: z.string(),
    refs: z.array(z.string()).openapi({ description: "The provider's own ids." }),
    platform: z.string().nullable().openapi({ description: 'As its key says; perhaps one that no record has.' }),
    member: z.string().nullable(),
  })
  .openapi('RestoreFoundObject')

const DifferingMachine = z
  .object({ machine: id('machine'), platform: id('platform'), member: z.string(), key: z.string() })
  .openapi('RestoreDifferingMachine')

const RestoredProvider = z
  .object({
    provider: id('provider'),
    name: z.string(),
    fault: z
      .string()
      .nullable()
      .openapi({ description: 'Why it could not be compared; then its lists are empty and say nothing.' }),
    unknown: z.array(FoundObject).openapi({
      description: 'Ours by its tag, under a key that no record has. Removed 10 minutes after acceptance.',
    }),
    missing: z
      .array(DifferingMachine)
      .openapi({ description: 'Recorded as made, and not there. Made anew after acceptance.' }),
    ahead: z
      .array(DifferingMachine)
      .openapi({ description: 'Recorded as not yet asked for, and there. Taken as it is after acceptance.' }),
    returned: z
      .array(DifferingMachine)
      .openapi({ description: 'Recorded as proven gone, and there. Destroyed after acceptance.' }),
  })
  .openapi('RestoredProvider')

export const RestoreReport = z
  .object({
    report: z.string().openapi({ description: 'Names exactly these differences; acceptance repeats it.' }),
    restoredAt: Instant,
    backupTakenAt: Instant,
    restoreEpoch: z.int().openapi({ description: 'Of the keys of new machines; raised by acceptance.' }),
    providers: z.array(RestoredProvider),
    unknownPlatforms: z
      .array(z.object({ platform: z.string(), objects: z.int() }))
      .openapi({ description: 'Platforms of which only objects are known: asked for after the backup.' }),
    gonePlatforms: z.array(z.object({ platform: id('platform'), name: z.string(), machines: z.int() })).openapi({
      description:
        'Platforms all of whose machines are missing: probably deleted after the backup. They would be made anew: delete them before acceptance where that is so.',
    }),
    next: z.array(z.string()),
  })
  .openapi('RestoreReport')

export const RestoreAcceptance = z
  .strictObject({
    report: z.string().openapi({ description: '`report` of the report that is accepted.' }),
  })
  .openapi('RestoreAcceptance')

export const RestoreAccepted = z
  .object({ reportOnly: z.literal(false), restoreEpoch: z.int(), acceptedAt: Instant })
  .openapi('RestoreAccepted')
