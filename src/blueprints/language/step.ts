import { z } from 'zod'
import { conditionSchema } from './condition.ts'
import { duration, durationMs, inputName, outputName, scriptPath, stepName } from './primitives.ts'
import { anyHealthySchema, quantifiedSchema, selectionSchema } from './selection.ts'
import { valueSchema } from './value.ts'

// What runs, where, when and with what. `with` and `using` are apart because only the author knows which change
// of input must run the script again.

const script = {
  description: z.string().optional(),
  run: scriptPath,
  using: z
    .record(inputName, valueSchema)
    .optional()
    .meta({ description: 'Input resolved when the script runs; a change never runs it again.' }),
}

export const needSchema = z
  .union([stepName, z.strictObject({ step: stepName, of: quantifiedSchema })])
  .meta({ id: 'Need', description: 'A step of the same member, a once step, or a step of members of a group.' })

export const stepSchema = z
  .strictObject({
    on: selectionSchema,
    except: z
      .literal('founder')
      .optional()
      .meta({ description: 'The incarnation that founded its group is left out.' }),
    when: conditionSchema.optional(),
    once: z.literal(true).optional().meta({ description: 'Once done it never runs again, whoever is replaced.' }),
    fresh: z
      .literal(true)
      .optional()
      .meta({ description: 'Runs just before each step whose `using` names its output.' }),
    needs: z.array(needSchema).optional(),
    ...script,
    with: z
      .record(inputName, valueSchema)
      .optional()
      .meta({ description: 'Input; a change of a value runs the script again.' }),
    outputs: z
      .record(outputName, z.enum(['plain', 'secret']))
      .optional()
      .meta({ description: 'What the script writes to $GANTRY_OUTPUT as name=value.' }),
    verify: scriptPath.optional().meta({
      description:
        'Of a step on each: asked on its machine again and again; another exit code than 0, three times in a row, and the step runs again.',
    }),
    every: duration
      .refine((text) => durationMs(text) >= 2_000, 'Verify at most every 2 seconds: write 2s or more.')
      .optional()
      .meta({ description: 'Time between two looks of verify; 1m.' }),
    deadline: duration.optional().meta({ description: 'From the first attempt to giving up; 15m.' }),
    attempts: z.int().min(1).max(100).optional().meta({ description: 'At most so many; 5.' }),
    onLost: z
      .enum(['rerun', 'block', 'replaceMachine'])
      .optional()
      .meta({ description: 'When an attempt vanished with its machine (reboot, kill): rerun.' }),
  })
  .meta({ id: 'Step' })

const goingAway = {
  notice: duration.optional().meta({
    description:
      'Time between taking the member out of the outputs and this script, for those who use it to turn elsewhere.',
  }),
  dynamic: z.literal(true).optional().meta({
    description:
      'The last line it prints is a whole number: so many seconds are waited, then it is done; negative: then it is run again.',
  }),
}

export const leaveSchema = z
  .strictObject({
    on: anyHealthySchema,
    ...script,
    ...goingAway,
    deadline: duration.optional().meta({ description: '10m.' }),
    attempts: z.int().min(1).max(100).optional().meta({ description: 'At most so many; 10.' }),
    onTimeout: z.enum(['block', 'proceed']).optional().meta({
      description: 'After the deadline: ask a person (block) or remove the machine all the same (proceed). block.',
    }),
    external: z.literal(true).optional().meta({
      description: 'It undoes something outside the platform, so it runs also when the whole platform is deleted.',
    }),
  })
  .meta({ id: 'Leave', description: 'Runs on another member before a member of this group is removed.' })

const around = {
  on: anyHealthySchema,
  ...script,
  deadline: duration.optional().meta({ description: '10m.' }),
  attempts: z.int().min(1).max(100).optional().meta({ description: 'At most so many; 10.' }),
  onTimeout: z.enum(['block', 'proceed']).optional().meta({
    description: 'After the deadline: ask a person (block) or go on all the same (proceed). block.',
  }),
}

export const drainSchema = z
  .strictObject({ ...around, ...goingAway })
  .meta({ id: 'Drain', description: 'Runs on another member before a member of this group is changed in place.' })

export const returnSchema = z
  .strictObject(around)
  .meta({ id: 'Return', description: 'Runs on another member once a member of this group was changed in place.' })

export const healthSchema = z
  .strictObject({
    on: anyHealthySchema,
    ...script,
    every: duration.optional().meta({ description: 'How often it is checked when all is well; 10s.' }),
    gate: z
      .strictObject({
        passes: z.int().min(1).max(20).optional().meta({ description: 'So many times in a row; 2.' }),
        every: duration.optional().meta({ description: 'Time between two checks of the gate; 1s.' }),
        deadline: duration.optional().meta({ description: '5m.' }),
      })
      .optional()
      .meta({ description: 'After each build and change the check must pass before the platform counts as ready.' }),
  })
  .meta({ id: 'Health' })

export type StepSpec = z.infer<typeof stepSchema>
export type LeaveSpec = z.infer<typeof leaveSchema>
/** Of drain; return has no notice and is not dynamic. */
export type AroundSpec = z.infer<typeof drainSchema>
export type NeedSpec = z.infer<typeof needSchema>
/** What every script of a blueprint has in common; `with` only steps have, because only they are compared. */
export type ScriptSpec = Pick<StepSpec, 'run' | 'with' | 'using'>
