// A provider's configuration is its kind's business; which of its fields are secret, the kind says in its schema
// (`.meta({ secret: true })`). Secrets go to the vault and leave a reference in the row, so that a row can be shown,
// exported and backed up.

import { invalidFields } from '../../http/fields.ts'
import { nearest } from '../../http/nearest.ts'
import { fieldErrors } from '../../http/parse.ts'
import { type JsonData, z } from '../../http/schema.ts'
import { inWords } from '../../http/words.ts'
import type { ProviderKind } from '../../provider/contract.ts'
import type { Vault } from '../../secrets/index.ts'
import type { Db, Tx } from '../../store/index.ts'

export type ConfigInput = { [field: string]: JsonData }
type Path = readonly (string | number)[]

const configSchema = z.record(z.string(), z.json())
const referenceSchema = z.strictObject({ $secret: z.string() })

/** JSON Schema of the kind's configuration; secret fields carry `"secret": true`. */
export function configJsonSchema(kind: ProviderKind): Schema {
  return schemaSchema.parse(z.toJSONSchema(kind.config, { io: 'input', unrepresentable: 'any' }))
}

/** Throws invalid_request with pointers below /config when the kind would not take it. */
export function checkConfig(kind: ProviderKind, input: ConfigInput): void {
  const schema = configJsonSchema(kind)
  const known = Object.keys(schema.properties ?? {})
  const unknown = Object.keys(input).filter((key) => known.length > 0 && !known.includes(key))
  const parsed = kind.config.safeParse(input, { error: inWords })
  const errors = [
    ...unknown.map((key) => {
      const near = nearest(key, known)
      return {
        pointer: `/config/${key}`,
        detail: near ? `unknown field, did you mean ${near}?` : `unknown field; ${kind.kind} has ${known.join(', ')}`,
      }
    }),
    ...(parsed.success ? [] : fieldErrors(kind.config, parsed.error.issues, '/config')),
    ...references(input).map((path) => ({ pointer: pointer(path), detail: 'must be a value, not a reference' })),
  ]
  const refusal = invalidFields(errors, `GET /v1/provider-kinds shows what ${kind.kind} needs.`)
  if (refusal) throw refusal
}

/** The configuration as it is stored: secrets in the vault, versions of those in `before` where it has them. */
export async function sealConfig(
  tx: Tx,
  vault: Vault,
  kind: ProviderKind,
  input: ConfigInput,
  before: { readonly sealed: ConfigInput; readonly open: ConfigInput } | null,
): Promise<ConfigInput> {
  const sealed = structuredClone(input)
  for (const path of secretPaths(configJsonSchema(kind), input)) {
    const value = at(input, path)
    if (value === undefined || value === null) continue
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    const reference = before ? referenceSchema.safeParse(at(before.sealed, path)) : undefined
    let ref: string
    if (!reference?.success) ref = await vault.put(tx, { owner: 'installation', purpose: pointer(path), value: text })
    else if (before && JSON.stringify(at(before.open, path)) === JSON.stringify(value)) ref = reference.data.$secret
    else ref = await vault.putVersion(tx, reference.data.$secret, text)
    put(sealed, path, { $secret: ref })
  }
  return sealed
}

/** The stored configuration with its secrets. */
export async function openConfig(db: Db, vault: Vault, stored: string): Promise<ConfigInput> {
  const config = readConfig(stored)
  for (const path of references(config))
    put(config, path, await vault.get(db, referenceSchema.parse(at(config, path)).$secret))
  return config
}

/** The stored configuration as it may be shown. */
export function shownConfig(stored: string): ConfigInput {
  const config = readConfig(stored)
  for (const path of references(config)) put(config, path, { secret: true })
  return config
}

function secretsIn(stored: string): string[] {
  const config = readConfig(stored)
  return references(config).map((path) => referenceSchema.parse(at(config, path)).$secret)
}

/** Destroys what the configuration no longer refers to: a removed secret, or the version before the present one. */
export async function destroySecrets(tx: Tx, vault: Vault, before: string, after: string): Promise<void> {
  const kept = new Set(secretsIn(after))
  for (const ref of secretsIn(before)) if (!kept.has(ref)) await vault.destroy(tx, ref)
}

export function readConfig(stored: string): ConfigInput {
  return configSchema.parse(JSON.parse(stored))
}

/** Where `value` holds references to secrets. */
function references(value: JsonData | undefined, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  if (!Array.isArray(value) && '$secret' in value) return [path]
  return Object.entries(value).flatMap(([key, inner]) =>
    references(inner, [...path, Array.isArray(value) ? Number(key) : key]),
  )
}

interface Schema {
  secret?: boolean | undefined
  properties?: { [name: string]: Schema } | undefined
  items?: Schema | undefined
  anyOf?: Schema[] | undefined
  oneOf?: Schema[] | undefined
  allOf?: Schema[] | undefined
  [other: string]: unknown
}
const schemaSchema: z.ZodType<Schema> = z.looseObject({
  secret: z.boolean().optional(),
  get properties() {
    return z.record(z.string(), schemaSchema).optional()
  },
  get items() {
    return schemaSchema.optional()
  },
  get anyOf() {
    return z.array(schemaSchema).optional()
  },
  get oneOf() {
    return z.array(schemaSchema).optional()
  },
  get allOf() {
    return z.array(schemaSchema).optional()
  },
})

/** Where `value` holds what the schema calls secret, by any of its alternatives. */
function secretPaths(schema: Schema, value: JsonData | undefined, path: Path = []): Path[] {
  if (value === undefined) return []
  if (schema.secret === true) return [path]
  const found: Path[] = []
  for (const branch of [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]) {
    found.push(...secretPaths(branch, value, path))
  }
  if (Array.isArray(value)) {
    const { items } = schema
    if (items) found.push(...value.flatMap((inner, index) => secretPaths(items, inner, [...path, index])))
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      found.push(...secretPaths(inner, value[name], [...path, name]))
    }
  }
  return [...new Map(found.map((each) => [each.join('\0'), each])).values()]
}

function at(value: JsonData, path: Path): JsonData | undefined {
  let here: JsonData | undefined = value
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = Object.entries(here).find(([key]) => key === String(part))?.[1]
  }
  return here
}

function put(value: JsonData, path: Path, inner: JsonData): void {
  const parent = at(value, path.slice(0, -1))
  const last = path.at(-1)
  if (last !== undefined && typeof parent === 'object' && parent !== null) Object.assign(parent, { [last]: inner })
}

function pointer(path: Path): string {
  return `/config${path.map((part) => `/${part}`).join('')}`
}
