import { ProblemError } from '../../kernel/problem.ts'
import type { Config, FlavorConfig } from '../config.ts'
import type { PriceList } from '../providers/index.ts'
import type { Flavor } from './schemas.ts'

/** All flavors, by name. */
export function listFlavors(config: Config, lists: readonly PriceList[]): Flavor[] {
  return Object.entries(config.flavors)
    .map(([name, flavor]) => view(name, flavor, lists))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Throws not_found. */
export function getFlavor(config: Config, lists: readonly PriceList[], name: string): Flavor {
  const flavor = Object.entries(config.flavors).find(([key]) => key === name)?.[1]
  if (flavor) return view(name, flavor, lists)
  throw new ProblemError({
    code: 'not_found',
    detail: `There is no flavor ${name}.`,
    facts: { flavor: name, known: Object.keys(config.flavors) },
    next: 'GET /v1/flavors lists what there is.',
  })
}

function view(name: string, flavor: FlavorConfig, lists: readonly PriceList[]): Flavor {
  const { cpu, memoryBytes, diskBytes } = flavor
  const prices = lists.flatMap(({ provider, providerName, prices: list }) => {
    const amount = list?.perHour[name]
    return list && amount !== undefined ? [{ provider, providerName, amount, currency: list.currency }] : []
  })
  return { name, cpu, memoryBytes, diskBytes, cost: costOf(flavor), prices }
}

/** What one machine of it takes from each quota key. */
function costOf(flavor: FlavorConfig): Record<string, number> {
  return {
    'vm.count': 1,
    'vm.cpu': flavor.cpu,
    'vm.memory': flavor.memoryBytes,
    'disk.capacity': flavor.diskBytes,
    ...flavor.cost,
  }
}
