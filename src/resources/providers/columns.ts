// What a provider's row holds as JSON text, read in one place.

import { z } from '../../http/schema.ts'
import type { ProviderTable } from '../../store/index.ts'
import type { Checked } from './check.ts'
import { ImageMapping, Overcommit, Prices, ProviderHealth, RateLimit } from './schemas.ts'

const imagesSchema = z.record(z.string(), ImageMapping)
const factsSchema = z.object({
  health: ProviderHealth.nullable().default(null),
  capabilities: z.record(z.string(), z.json()).default({}),
})
export type ProviderFacts = z.output<typeof factsSchema>
const identifiedSchema = z.looseObject({ identity: z.string().nullable().default(null) })

export function imagesOf(row: Pick<ProviderTable, 'images'>): Record<string, ImageMapping> {
  return imagesSchema.parse(JSON.parse(row.images))
}

export function overcommitOf(row: Pick<ProviderTable, 'overcommit'>): z.output<typeof Overcommit> {
  return Overcommit.parse(JSON.parse(row.overcommit))
}

/** How often it may be called; null: not limited. */
export function rateLimitOf({ rate_limit }: Pick<ProviderTable, 'rate_limit'>): z.output<typeof RateLimit> | null {
  return rate_limit === null ? null : RateLimit.parse(JSON.parse(rate_limit))
}

/** What its machines cost; null: nobody has said. */
export function pricesOf({ prices }: Pick<ProviderTable, 'prices'>): Prices | null {
  return prices === null ? null : Prices.parse(JSON.parse(prices))
}

/** Facts written by care's scans may be of an older form: what cannot be read is not shown. */
export function factsOf(row: Pick<ProviderTable, 'facts'>): ProviderFacts {
  const parsed = factsSchema.safeParse(JSON.parse(row.facts))
  return parsed.success ? parsed.data : { health: null, capabilities: {} }
}

/** What a check found, as the row keeps it. */
export function factsText({ health: { identity, ...health }, capabilities }: Pick<Checked, 'health' | 'capabilities'>) {
  return JSON.stringify({ identity, health, capabilities })
}

/** Who its server is; null when the provider was registered before that was kept. */
export function identityOf(row: Pick<ProviderTable, 'facts'>): string | null {
  return identifiedSchema.parse(JSON.parse(row.facts)).identity
}

/** The facts with another identity. */
export function identifiedFacts(row: Pick<ProviderTable, 'facts'>, identity: string): string {
  return JSON.stringify({ ...identifiedSchema.parse(JSON.parse(row.facts)), identity })
}
