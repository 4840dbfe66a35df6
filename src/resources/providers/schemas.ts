import { Instant, id, JsonObject, Labels, Name, orNull, pageOf, z } from '../../http/schema.ts'
import { callKinds } from '../../provider/statistics.ts'
import { Maintenance, Zone } from '../hosts/index.ts'

export const ImageMapping = z
  .strictObject({
    ref: z
      .string()
      .min(1)
      .max(512)
      .openapi({ description: "The provider's own reference.", example: 'images:debian/12' }),
    user: z
      .string()
      .regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'must be a login user')
      .openapi({ description: 'Who logs in over SSH.', example: 'root' }),
  })
  .openapi('ImageMapping')
export type ImageMapping = z.infer<typeof ImageMapping>

export const Overcommit = z
  .strictObject({
    cpu: z.number().min(0.1).max(100).default(1),
    memory: z.number().min(0.1).max(10).default(1),
    disk: z.number().min(0.1).max(10).default(1),
  })
  .openapi('Overcommit', { description: 'Factors on the declared capacity.' })

export const RateLimit = z
  .strictObject({
    perSecond: z.number().min(0.1).max(100_000).openapi({ description: 'Calls a second in the long run, COUNT.' }),
    burst: z.int().min(1).max(100_000).openapi({ description: 'Calls at once after a rest, COUNT.' }),
  })
  .openapi('RateLimit', { description: 'How often a provider is called at most, by each Gantry process.' })
export type RateLimit = z.infer<typeof RateLimit>

export const Prices = z
  .strictObject({
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be a currency of ISO 4217 such as EUR')
      .openapi({ example: 'EUR' }),
    perHour: z
      .record(Name, z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be a decimal number in quotes such as "0.0475"'))
      .openapi({
        description: 'Flavor -> what one machine of it costs an hour, a decimal number as text.',
        example: { medium: '0.0475' },
      }),
  })
  .openapi('Prices', { description: 'What machines cost at a provider. Flavors that are not named have no price.' })
export type Prices = z.infer<typeof Prices>

export const ProviderCreate = z
  .strictObject({
    name: Name,
    kind: z.string().min(1).max(63).openapi({ example: 'incus', description: 'A kind of GET /v1/provider-kinds.' }),
    config: JsonObject.default({}).openapi({
      description: "By the kind's config schema. Secret fields are write-only.",
    }),
    images: z
      .record(Name, ImageMapping)
      .default({})
      .openapi({
        description: 'Image name -> where this provider has it.',
        example: { 'debian-12': { ref: 'images:debian/12', user: 'root' } },
      }),
    overcommit: Overcommit.default({ cpu: 1, memory: 1, disk: 1 }),
    rateLimit: orNull(RateLimit).default(null),
    prices: orNull(Prices).default(null),
    labels: Labels.default({}),
  })
  .openapi('ProviderCreate')

export const ProviderPatch = z
  .strictObject({
    name: Name.optional(),
    config: JsonObject.optional().openapi({
      description: 'Fields named here are set (null removes one); secret fields not named stay.',
    }),
    images: z.record(Name, ImageMapping).optional(),
    overcommit: Overcommit.optional(),
    rateLimit: orNull(RateLimit).optional().openapi({ description: 'null: not limited.' }),
    prices: orNull(Prices).optional().openapi({ description: 'All of them; null: no price is known.' }),
    labels: Labels.optional(),
    acceptIdentity: z.string().min(1).max(512).optional().openapi({
      description:
        "The identity with which the provider's server answers now, when it is still the same server with the same machines (e.g. its certificate was renewed).",
    }),
  })
  .openapi('ProviderPatch')

export const ProviderHealth = z
  .object({
    version: z.string(),
    latencyMs: z.number(),
    missingRights: z
      .array(z.string())
      .openapi({ description: 'Rights that are missing and what will not work without them.' }),
  })
  .openapi('ProviderHealth')

const figures = {
  calls: z.int().openapi({ description: 'COUNT, of the last 5 minutes or the last 2,000 calls.' }),
  refused: z.int().openapi({ description: 'Answered with a no: a right missing, no room, a wrong request.' }),
  failed: z.int().openapi({ description: 'Not answered, or broken off.' }),
  throttled: z.int().openapi({ description: 'Answered with: not now.' }),
  errorRate: z.number().openapi({ description: 'Share that failed or was throttled, 0 to 1.' }),
  p50Ms: z.number().nullable().openapi({ description: 'Half of the answers came within; null without answers.' }),
  p90Ms: z.number().nullable(),
}

export const ProviderBreaker = z
  .object({
    state: z.enum(['closed', 'open', 'halfOpen']).openapi({
      description:
        'open: calls are refused without being sent, until a probe is answered; halfOpen: it is being probed.',
    }),
    since: Instant,
    reason: z.string().nullable(),
    probeAt: Instant.nullable(),
    refused: z.int().openapi({ description: 'Calls not sent since it opened.' }),
  })
  .openapi('ProviderBreaker')

export const ProviderWeatherNow = z
  .object({
    reason: z.string().nullable().openapi({ description: 'Why calls are held back now; null: they are not.' }),
    ...figures,
    breaker: ProviderBreaker,
    pausedUntil: Instant.nullable().openapi({ description: 'Until when the provider asked not to be called.' }),
    rateLimit: orNull(RateLimit),
    queued: z.int().openapi({ description: 'Calls that wait for their turn.' }),
    longestMs: z.number().openapi({ description: 'For how long the first of them waits.' }),
  })
  .openapi('ProviderWeatherNow', { description: 'As the process that answers sees it.' })
export type ProviderWeatherNow = z.infer<typeof ProviderWeatherNow>

export const ProviderWeather = z
  .object({
    provider: id('provider'),
    name: Name,
    now: orNull(ProviderWeatherNow).openapi({ description: 'null: this process has not spoken to it yet.' }),
    byCall: z.array(
      z.object({
        call: z.enum(callKinds).openapi({
          description: 'connect: opening a session; look: everything that only reads; change: destroy and power.',
        }),
        ...figures,
      }),
    ),
    waiting: z
      .object({
        steps: z.int(),
        platforms: z.array(
          z.object({
            platform: id('platform'),
            name: Name,
            steps: z.int(),
            since: Instant.nullable(),
            reason: z.string().nullable(),
          }),
        ),
      })
      .openapi({ description: 'Steps that wait because of it, and the first 50 platforms they belong to.' }),
  })
  .openapi('ProviderWeather')
export type ProviderWeather = z.infer<typeof ProviderWeather>

export const ProviderProblem = z
  .object({
    code: z.enum(['provider_unreachable', 'provider_denied', 'host_dead', 'zone_dead']),
    place: z
      .string()
      .nullable()
      .openapi({ description: 'The host or zone; null: the provider itself.', example: 'host-3' }),
    detail: z.string(),
    since: Instant,
    machines: z.int().openapi({ description: 'COUNT of our machines that are down with it.' }),
    platforms: z.array(
      z.object({
        platform: id('platform'),
        name: Name,
        machines: z.array(z.object({ machine: id('machine'), member: z.string() })),
      }),
    ),
    next: z.string(),
  })
  .openapi('ProviderProblem')
export type ProviderProblem = z.infer<typeof ProviderProblem>

export const ProviderProblemList = z.object({ items: z.array(ProviderProblem) }).openapi('ProviderProblemList')

export const Provider = z
  .object({
    id: id('provider'),
    name: Name,
    kind: z.string(),
    simulated: z.boolean().openapi({ description: 'Its machines are simulated.' }),
    config: JsonObject.openapi({ description: 'Secret fields show as `{ "secret": true }`.' }),
    images: z.record(z.string(), ImageMapping),
    overcommit: Overcommit,
    rateLimit: orNull(RateLimit),
    prices: orNull(Prices),
    labels: Labels,
    state: z.enum(['healthy', 'unreachable', 'denied', 'removing']),
    stateSince: Instant,
    stateReason: z.string().nullable(),
    identity: z.string().nullable().openapi({
      description:
        'Who its server is, whatever its address; another server is not believed. null until it is first probed.',
    }),
    health: orNull(ProviderHealth).openapi({ description: 'As last probed.' }),
    capabilities: JsonObject,
    weather: orNull(ProviderWeatherNow).openapi({ description: 'null: this process has not spoken to it yet.' }),
    zones: z.array(Zone),
    maintenance: z.array(Maintenance).openapi({ description: 'Hosts in maintenance, with what is left there.' }),
    machines: z.int(),
    lastScanAt: Instant.nullable(),
    createdAt: Instant,
  })
  .openapi('Provider')
export type Provider = z.infer<typeof Provider>

export const ProviderList = pageOf('ProviderList', Provider)

export const ProviderKindView = z
  .object({
    kind: z.string(),
    simulated: z.boolean(),
    config: JsonObject.openapi({ description: 'JSON Schema of `config`; secret fields carry `"secret": true`.' }),
  })
  .openapi('ProviderKind')

export const ProviderKindList = z.object({ items: z.array(ProviderKindView) }).openapi('ProviderKindList')
