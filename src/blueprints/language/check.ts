import { z } from 'zod'
import { duration, durationMs, scriptPath } from './primitives.ts'

// Recurring checks of a group's machines. All of them run on the machine itself, over the pinned SSH connection: so each
// also tells whether the machine answers at all, and none trusts an address that may be another machine's by now.

const leastEveryMs = 2_000

const pace = {
  description: z.string().optional(),
  every: duration
    .refine((text) => durationMs(text) >= leastEveryMs, 'Check at most every 2 seconds: write 2s or more.')
    .optional()
    .meta({
      description:
        'Time between two checks while all is well, 2s at least; 10s. After a failure the next comes at once.',
    }),
  timeout: duration.optional().meta({ description: 'How long one check may take; 2s.' }),
  failures: z.int().min(1).max(20).optional().meta({ description: 'So many in a row until it is believed; 3.' }),
  successes: z.int().min(1).max(20).optional().meta({ description: 'So many in a row until it is well again; 2.' }),
  onFailure: z.enum(['tell', 'recreate']).optional().meta({
    description:
      'When the machine answers and the check fails: name a problem for a person (tell), or make the machine anew. tell. One that does not answer is always made anew.',
  }),
}

export const machineCheckSchema = z
  .union([
    z.strictObject({
      ssh: z.literal(true).meta({ description: 'It answers over SSH; nothing else is asked.' }),
      ...pace,
    }),
    z.strictObject({ tcp: z.strictObject({ port: z.int().min(1).max(65_535) }), ...pace }),
    z.strictObject({
      http: z.strictObject({
        port: z.int().min(1).max(65_535),
        path: z
          .string()
          .regex(/^\/[A-Za-z0-9._~/?=&%+-]*$/, 'Write a path that begins with /, without blanks.')
          .optional()
          .meta({ description: '/. Any answer from 200 to 399 is well.' }),
      }),
      ...pace,
    }),
    z.strictObject({ run: scriptPath, ...pace }),
  ])
  .meta({ id: 'MachineCheck', description: 'What each machine of a group is asked again and again.' })

export type MachineCheckSpec = z.infer<typeof machineCheckSchema>
