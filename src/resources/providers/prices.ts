// What a machine costs is the provider's business: the same size is cheap in one's own rack and dear in a region.

import { invalidFields, pointerToken } from '../../http/fields.ts'
import { nearest } from '../../http/nearest.ts'
import type { ProviderId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import type { Config } from '../config.ts'
import { pricesOf } from './columns.ts'
import type { Prices } from './schemas.ts'

/** Throws invalid_request for a price of a flavor that nobody could ask for: most likely a slip. */
export function checkPrices(config: Config, prices: Prices | null | undefined): void {
  const known = Object.keys(config.flavors)
  const errors = Object.keys(prices?.perHour ?? {})
    .filter((flavor) => !known.includes(flavor))
    .map((flavor) => {
      const near = nearest(flavor, known)
      const detail = near ? `there is no flavor ${flavor}, did you mean ${near}?` : `there is no flavor ${flavor}`
      return { pointer: `/prices/perHour${pointerToken(flavor)}`, detail }
    })
  const refusal = invalidFields(errors, `Flavors are ${known.join(', ')}; GET /v1/flavors shows them.`)
  if (refusal) throw refusal
}

/** A living provider and what its machines cost; `prices` is null where nobody has said. */
export interface PriceList {
  readonly provider: ProviderId
  readonly providerName: string
  readonly prices: Prices | null
}

/** Of every living provider, by name. */
export async function priceLists(db: Db): Promise<PriceList[]> {
  const rows = await db
    .selectFrom('providers')
    .select(['id', 'name', 'prices'])
    .where('deleted_at', 'is', null)
    .orderBy('name')
    .execute()
  return rows.map((row) => ({ provider: row.id, providerName: row.name, prices: pricesOf(row) }))
}
