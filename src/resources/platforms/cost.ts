// What machines cost an hour, added up in whole billionths so that no cent is lost to binary fractions. Nothing is
// guessed: one machine without a price, or two currencies, and there is no sum, but the reason why.

import type { ProviderId } from '../../kernel/ids.ts'
import type { PriceList } from '../providers/index.ts'
import type { Cost } from './schemas.ts'

/** A machine as far as its price goes. */
export interface Priced {
  readonly provider: ProviderId
  readonly flavor: string
}

/** A sum, or the sentence that says why there is none. */
export type Total = { readonly cost: Cost; readonly reason: null } | { readonly cost: null; readonly reason: string }

/** What these machines cost together in an hour. Of no machine at all it is nothing, in the one currency there is. */
export function totalOf(lists: readonly PriceList[], machines: readonly Priced[]): Total {
  const byProvider = new Map(lists.map((list) => [list.provider, list]))
  const currencies = new Set<string>()
  const missing = new Set<string>()
  let sum = 0n
  for (const { provider, flavor } of machines) {
    const list = byProvider.get(provider)
    const price = list?.prices?.perHour[flavor]
    if (list?.prices && price !== undefined) {
      currencies.add(list.prices.currency)
      sum += billionths(price)
    } else missing.add(`${flavor} at ${list?.providerName ?? provider}`)
  }
  if (missing.size > 0) return { cost: null, reason: `no price is set for ${[...missing].sort().join(', ')}` }
  if (machines.length === 0) for (const { prices } of lists) if (prices) currencies.add(prices.currency)
  const [currency, other] = [...currencies].sort()
  if (currency === undefined) return { cost: null, reason: 'no price is set' }
  if (other !== undefined) return { cost: null, reason: `prices are in ${currency} and in ${other}` }
  return { cost: { amount: decimal(sum), currency }, reason: null }
}

/** Those of these machines that cost most together; any without a price may be dearer than all others. */
export function dearest(lists: readonly PriceList[], some: readonly (readonly Priced[])[]): readonly Priced[] {
  const amount = (machines: readonly Priced[]): bigint | null => {
    const { cost } = totalOf(lists, machines)
    return cost && billionths(cost.amount)
  }
  const [first = [], ...others] = some
  return others.reduce((most, one) => {
    const [a, b] = [amount(most), amount(one)]
    return a !== null && (b === null || b > a) ? one : most
  }, first)
}

/** Digits behind the point that prices have at most. */
const places = 9

function billionths(text: string): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(whole) * 10n ** BigInt(places) + BigInt(fraction.padEnd(places, '0'))
}

/** At least two digits behind the point, and no more than it takes: `0.10`, `0.0475`. */
function decimal(amount: bigint): string {
  const digits = String(amount).padStart(places + 1, '0')
  const fraction = digits.slice(-places).replace(/0+$/, '').padEnd(2, '0')
  return `${digits.slice(0, -places)}.${fraction}`
}
