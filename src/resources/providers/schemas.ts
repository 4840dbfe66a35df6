import { Instant, id, JsonObject, Labels, Name, orNull, pageOf, z } from '../../http/schema.ts'
import { Zone } from '../hosts/index.ts'

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

export const Provider = z
  .object({
    id: id('provider'),
    name: Name,
    kind: z.string(),
    simulated: z.boolean().openapi({ description: 'Its machines are simulated.' }),
    config: JsonObject.openapi({ description: 'Secret fields show as `{ "secret": true }`.' }),
    images: z.record(z.string(), ImageMapping),
    overcommit: Overcommit,
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
    zones: z.array(Zone),
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
