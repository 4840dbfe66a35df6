import { ProblemError } from '../../kernel/problem.ts'
import type { Config, FlavorConfig } from '../config.ts'
import type { Flavor } from './schemas.ts'

/** All flavors, by name. */
export function listFlavors(config: Config): Flavor[] {
  return Object.entries(config.flavors)
    .map(([name, flavor]) => view(name, flavor))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Throws not_found. */
export function getFlavor(config: Config, name: string): Flavor {
  const flavor = Object.entries(config.flavors).find(([key]) => key === name)?.[1]
  if (flavor) return view(name, flavor)
  throw new ProblemError({
    code: 'not_found',
    detail: `There is no flavor ${name}.`,
    facts: { flavor: name, known: Object.keys(config.flavors) },
    next: 'GET /v1/flavors lists what there is.',
  })
}

function view(name: string, flavor: FlavorConfig): Flavor {
  return { name, cpu: flavor.cpu, memoryBytes: flavor.memoryBytes, diskBytes: flavor.diskBytes, cost: costOf(flavor) }
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
