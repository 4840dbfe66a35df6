import { Instant, id, JsonObject, JsonValue, Name, orNull, ProblemFacts, pageOf, z } from '../../http/schema.ts'
import { taskStates } from '../../kernel/states.ts'

/** A step as a person follows it. */
export const Step = z
  .object({
    key: z.string().openapi({ example: 'script/worker-1@1/join' }),
    name: z.string().openapi({ description: 'What one calls it: machine, ssh, docker, join.', example: 'join' }),
    kind: z.enum(['machine', 'ssh', 'script', 'gate', 'power']),
    want: z.enum(['present', 'absent']),
    mode: z.enum(['each', 'once', 'fresh']),
    member: z.string().nullable().openapi({ example: 'worker-1@1' }),
    state: z.enum(['pending', 'running', 'waiting', 'blocked', 'done']),
    reason: z.string().nullable().openapi({ description: 'Why it waits or is due again.' }),
    attempt: z.int().openapi({ description: 'Attempts made for what is wanted now; 0 before the first.' }),
    lastLine: z.string().nullable().openapi({ description: 'The last line of its log while it runs.' }),
    problem: orNull(ProblemFacts),
    startedAt: Instant.nullable(),
    finishedAt: Instant.nullable(),
    seconds: z.number().nullable(),
    nextAt: Instant.nullable(),
    deadlineAt: Instant.nullable(),
  })
  .openapi('Step')
export type Step = z.infer<typeof Step>

export const StepList = z.object({ items: z.array(Step) }).openapi('StepList')

/** A secret is named, never shown; `href` reveals it to whom may see it. */
export const SecretOutput = z.object({ secret: z.literal(true), href: z.string() }).openapi('SecretOutput')

export const Output = z.object({ name: z.string(), secret: z.boolean(), value: JsonValue }).openapi('Output')

export const UsualTime = z
  .object({
    p50: z.number().openapi({ description: 'Half of them took no longer, seconds.' }),
    p90: z.number().openapi({ description: 'Nine of ten took no longer, seconds.' }),
    samples: z.int().openapi({ description: 'COUNT.' }),
  })
  .openapi('UsualTime', {
    description: 'From our own history, over all tenants, of the same work on the same blueprint.',
  })
export type UsualTime = z.infer<typeof UsualTime>

const taskFields = {
  id: id('task'),
  kind: z.string().openapi({ example: 'platform.create' }),
  operation: z.string().nullable().openapi({ description: 'Of a `platform.operation`: which one.', example: 'smoke' }),
  state: z.enum(taskStates),
  reason: z.string().nullable(),
  tenant: id('tenant'),
  project: id('project'),
  target: z.object({
    kind: z.literal('platform'),
    id: id('platform'),
    name: Name,
    generation: z.int().nullable(),
  }),
  problem: orNull(ProblemFacts),
  supersededBy: id('task').nullable(),
  actor: z.string(),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  seconds: z.number().nullable().openapi({ description: 'From request to end, or until now.' }),
}

export const TaskSummary = z.object(taskFields).openapi('TaskSummary')
export type TaskSummary = z.infer<typeof TaskSummary>

export const Task = z
  .object({
    ...taskFields,
    progress: z.object({ done: z.int(), total: z.int() }),
    steps: z.array(Step).openapi({ description: 'In the order of the plan.' }),
    parameters: JsonObject.nullable().openapi({ description: 'Of an operation.' }),
    outputs: z
      .record(z.string(), z.union([SecretOutput, JsonValue]))
      .openapi({ description: 'Of an operation that is done.' }),
    eta: Instant.nullable().openapi({
      description: 'While it runs: its start plus what half of such tasks took here; null: not known, or overdue.',
    }),
    usual: orNull(UsualTime).openapi({ description: 'How long such tasks took here; null: none was done yet.' }),
    receipt: id('receipt').nullable().openapi({ description: 'The deletion receipt, once there is one.' }),
  })
  .openapi('Task')
export type Task = z.infer<typeof Task>

export const TaskList = pageOf('TaskList', TaskSummary)
