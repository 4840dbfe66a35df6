import { Instant, id, JsonObject, JsonValue, Labels, Name, orNull, ProblemFacts, pageOf, z } from '../../http/schema.ts'
import { machineStates, memberStates, platformStates } from '../../kernel/states.ts'
import { SecretOutput, UsualTime } from '../tasks/index.ts'
import { Terms } from '../terms/index.ts'

export const PlatformCreate = z
  .strictObject({
    name: Name,
    blueprint: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(@[0-9A-Za-z.+-]+)?$/, 'must be name or name@version')
      .openapi({ description: 'Name, or name@version; without a version the newest.', example: 'swarm@1.0.0' }),
    parameters: JsonObject.default({}).openapi({
      description: "By the blueprint's parameter schema.",
      example: { managers: 3, workers: 2 },
    }),
    labels: Labels.default({}),
    deletionProtection: z.boolean().default(false),
    ...Terms.shape,
  })
  .openapi('PlatformCreate')
export type PlatformCreate = z.infer<typeof PlatformCreate>

export const Member = z
  .object({
    name: Name.openapi({ example: 'manager-0' }),
    incarnation: z.int(),
    state: z.enum(memberStates),
    cause: z.string().nullable(),
    machine: id('machine'),
    machineState: z.enum(machineStates),
    provider: id('provider'),
    providerName: z.string(),
    zone: z.string(),
    host: z.string().nullable(),
    address: z.string().nullable(),
    sshPort: z.int().nullable(),
  })
  .openapi('Member')
export type Member = z.infer<typeof Member>

export const Group = z
  .object({
    name: z.string(),
    wanted: z.int(),
    ready: z.int(),
    members: z.array(Member).openapi({ description: 'Those of the past (gone) are not listed.' }),
  })
  .openapi('Group')
export type Group = z.infer<typeof Group>

export const NamedProblem = z
  .object({
    id: z.string(),
    subject: z.string().openapi({ example: 'worker-1@1' }),
    code: z.string(),
    detail: z.string(),
    provider: id('provider').nullable().openapi({ description: 'Of the host or zone it is about; null: of none.' }),
    machines: z.array(z.object({ machine: id('machine'), member: z.string() })).openapi({
      description:
        'Of a dead host or zone: the machines of this platform that went down with it. Of a lost quorum: those of its members that do not answer.',
    }),
    since: Instant,
    resolutions: z.array(z.string()),
    resolvedAt: Instant.nullable(),
    resolution: z.string().nullable(),
  })
  .openapi('NamedProblem')
export type NamedProblem = z.infer<typeof NamedProblem>

const platformFields = {
  id: id('platform'),
  name: Name,
  tenant: id('tenant'),
  project: id('project'),
  blueprint: z.string().openapi({ example: 'swarm@1.0.0' }),
  labels: Labels,
  generation: z.int(),
  state: z.enum(platformStates),
  stateSince: Instant,
  stateReason: z.string().nullable(),
  deletionProtection: z.boolean(),
  simulated: z.boolean().openapi({ description: 'At least one of its machines is simulated.' }),
  machines: z.object({ wanted: z.int(), ready: z.int() }),
  createdAt: Instant,
  readyAt: Instant.nullable(),
  deletedAt: Instant.nullable(),
}

export const PlatformSummary = z.object(platformFields).openapi('PlatformSummary')
export type PlatformSummary = z.infer<typeof PlatformSummary>

export const Platform = z
  .object({
    ...platformFields,
    blueprintDigest: z.string(),
    parameters: JsonObject,
    groups: z.array(Group),
    outputs: z.record(z.string(), z.union([SecretOutput, JsonValue])),
    problems: z.array(NamedProblem),
    task: id('task').nullable().openapi({ description: 'The task under way.' }),
    receipt: id('receipt').nullable(),
  })
  .openapi('Platform')
export type Platform = z.infer<typeof Platform>

export const PlatformList = pageOf('PlatformList', PlatformSummary)

export const PlacedMember = z
  .object({
    name: z.string().openapi({ example: 'manager-0' }),
    group: z.string(),
    flavor: z.string(),
    image: z.string(),
    provider: id('provider'),
    providerName: z.string(),
    zone: z.string(),
    host: z.string().nullable(),
    why: z.string().openapi({ description: 'Why it would land there.' }),
  })
  .openapi('PlacedMember')

export const PlanStepView = z
  .object({
    key: z.string(),
    name: z.string(),
    kind: z.enum(['machine', 'ssh', 'script', 'gate', 'power']),
    want: z.enum(['present', 'absent']),
    mode: z.enum(['each', 'once', 'fresh']),
    member: z.string().nullable(),
    script: z.string().nullable(),
    needs: z.array(z.object({ quantifier: z.enum(['all', 'any', 'quorum']), steps: z.array(z.string()) })),
  })
  .openapi('PlanStep')

export const Cost = z
  .object({ amount: z.string().openapi({ example: '0.145' }), currency: z.string().openapi({ example: 'EUR' }) })
  .openapi('Cost', { description: 'Money, a decimal number as text.' })
export type Cost = z.infer<typeof Cost>

const costReason = z
  .string()
  .nullable()
  .openapi({ description: 'Why a cost is null, e.g. the flavor that has no price; null: they are all known.' })

export const Quote = z
  .object({
    machines: z.int(),
    quota: z.record(
      z.string(),
      z.object({
        wanted: z.int(),
        left: z.union([z.int(), z.literal('unlimited')]).openapi({ description: 'Before this.' }),
        ticket: id('ticket'),
        ticketName: Name,
      }),
    ),
    costPerHour: orNull(Cost).openapi({
      description: 'By the prices of the providers it would land on; null: not known, see `costReason`.',
    }),
    costReason,
    seconds: orNull(UsualTime).openapi({ description: 'How long it took others; null: none was done yet.' }),
  })
  .openapi('Quote')

export const HibernationPreview = z
  .object({
    machines: z.array(z.string()).openapi({
      description: 'Members in the order in which their machines would be stopped; none: they are already.',
    }),
  })
  .openapi('HibernationPreview')

export const WakePreview = z
  .object({
    machines: z.array(z.string()).openapi({ description: 'Members in the order in which their machines would start.' }),
    replaced: z
      .array(
        z.object({
          member: z.string(),
          providerName: z.string().nullable(),
          zone: z.string().nullable(),
          host: z.string().nullable(),
          why: z.string(),
        }),
      )
      .openapi({ description: 'Those whose machines are gone: where they would be made anew, or why they cannot be.' }),
    inTheWay: z.array(z.string()).openapi({
      description:
        'What would keep machines from starting now. Quota and the capacity of hosts are kept while it hibernates.',
    }),
  })
  .openapi('WakePreview')
export type WakePreview = z.infer<typeof WakePreview>

export const PlatformPreview = z
  .object({
    plan: z.object({ steps: z.array(PlanStepView), members: z.array(PlacedMember) }),
    quote: Quote,
    blueprint: z.string(),
    parameters: JsonObject.openapi({ description: 'With the defaults filled in.' }),
  })
  .openapi('PlatformPreview')
export type PlatformPreview = z.infer<typeof PlatformPreview>

export const Waiting = z
  .object({
    step: z.string(),
    member: z.string().nullable(),
    state: z.enum(['pending', 'running', 'waiting', 'blocked']),
    since: Instant.nullable(),
    attempt: z.int(),
    maxAttempts: z.int(),
    reason: z.string().nullable(),
    problem: orNull(ProblemFacts),
    lastLines: z.array(z.string()).openapi({ description: 'The end of its log.' }),
    nextAt: Instant.nullable(),
    deadlineAt: Instant.nullable(),
    waitsFor: z.array(z.string()).openapi({ description: 'Keys of steps it needs and that are not done.' }),
  })
  .openapi('WaitingStep')

export const Explanation = z
  .object({
    platform: id('platform'),
    name: Name,
    state: z.enum(platformStates),
    since: Instant,
    summary: z.string().openapi({ description: 'One sentence: what it is doing and what it waits for.' }),
    progress: z.object({ done: z.int(), total: z.int() }),
    waiting: z.array(Waiting).openapi({ description: 'Steps that can be worked on or are stuck; blocked ones first.' }),
    problems: z.array(NamedProblem),
    weather: z
      .array(
        z.object({
          provider: id('provider'),
          name: Name,
          breaker: z.enum(['closed', 'open', 'halfOpen']),
          reason: z.string(),
        }),
      )
      .openapi({ description: 'Providers of its machines that are not called at present: what needs them waits.' }),
    next: z.array(z.string()).openapi({ description: 'What is tried next, or who can act and how.' }),
  })
  .openapi('Explanation')
export type Explanation = z.infer<typeof Explanation>

export const PlatformSsh = z
  .object({
    publicKey: z.string(),
    privateKey: z.string().openapi({ description: 'OpenSSH or PKCS#8 PEM.', format: 'password' }),
    machines: z.array(
      z.object({
        machine: id('machine'),
        member: z.string(),
        host: z.string().nullable(),
        port: z.int().nullable(),
        user: z.string(),
        hostKey: z.string().openapi({ description: 'ed25519 public key, OpenSSH one-line form.' }),
        knownHosts: z.string().nullable().openapi({ description: 'A line for known_hosts.' }),
      }),
    ),
  })
  .openapi('PlatformSsh')

export const AttemptLog = z
  .object({
    attempt: z.string(),
    number: z.int(),
    step: z.string().openapi({ example: 'script/worker-1@1/join' }),
    name: z.string().openapi({ example: 'join' }),
    member: z.string().nullable().openapi({ description: 'Where it ran.' }),
    machine: id('machine').nullable(),
    startedAt: Instant,
    endedAt: Instant.nullable(),
    outcome: z
      .enum(['done', 'failed', 'lost', 'abandoned'])
      .nullable()
      .openapi({ description: 'null: still running.' }),
    exitCode: z.int().nullable(),
    detail: z.string().nullable(),
    offset: z.int().openapi({ description: 'Position of `text` in the log, in characters.' }),
    text: z.string().openapi({ description: 'Secrets are redacted.' }),
    next: z.int().openapi({ description: 'Give it as `after` to read on.' }),
  })
  .openapi('AttemptLog')
export type AttemptLog = z.infer<typeof AttemptLog>

export const LogList = z.object({ items: z.array(AttemptLog) }).openapi('LogList')
