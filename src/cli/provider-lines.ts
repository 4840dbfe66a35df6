// What is said of a provider: that it was checked, how it is, what its kind asks for.

import { duration } from './client/duration.ts'
import { facts } from './client/table.ts'
import { count, type Paint } from './client/text.ts'
import type { Provider } from './client/types.ts'
import { skyOf } from './weather-lines.ts'

export function checkedLine({ health, zones, kind }: Provider): string {
  const hosts = zones.reduce((sum, zone) => sum + zone.hosts, 0)
  const rights = health?.missingRights ?? []
  return `checked: ${health?.version ?? kind}, ${count(zones.length, 'zone')}, ${count(hosts, 'host')}; rights ${rights.length === 0 ? 'ok' : `missing: ${rights.join('; ')}`}`
}

export function providerLines(provider: Provider, paint: Paint): string[] {
  const { health } = provider
  const tone = provider.state === 'healthy' ? 'good' : 'bad'
  return [
    `${paint('strong', provider.name)}  ${[kindOf(provider), versionOf(provider)].filter(Boolean).join(' ')}  ${paint(tone, provider.state)}${provider.stateReason ? `: ${provider.stateReason}` : ''}    ${count(provider.machines, 'machine')}`,
    ...provider.zones.map((zone) => {
      const used =
        zone.capacity && zone.free
          ? `   memory ${percent(zone.capacity.memoryBytes, zone.free.memoryBytes)} used   cpu ${percent(zone.capacity.cpu, zone.free.cpu)} used`
          : ''
      return `  ${zone.name}  ${zone.hostsReady} of ${count(zone.hosts, 'host')} ready${used}`
    }),
    ...provider.maintenance.map(
      ({ host, state, left }) =>
        `  ${host}  in maintenance, ${state === 'empty' ? 'empty' : `${count(left.length, 'machine')} left`}   gantry provider maintenance show ${provider.name} ${host}`,
    ),
    ...facts(
      [
        [
          'images',
          Object.entries(provider.images)
            .map(([name, { ref }]) => `${name} (${ref})`)
            .join(', '),
        ],
        ['identity', provider.identity],
        ['latency', health && duration(health.latencyMs)],
        ['weather', provider.weather && skyOf(provider.weather)],
        ['prices', provider.prices && pricesLine(provider.prices)],
        ['rate limit', provider.rateLimit && `${provider.rateLimit.perSecond} calls a second`],
      ],
      paint,
    ),
  ]
}

function pricesLine({ perHour, currency }: NonNullable<Provider['prices']>): string {
  const each = Object.entries(perHour).map(([flavor, amount]) => `${flavor} ${amount}`)
  return `${each.join(', ')} ${currency}/h`
}

export function fieldLines(schema: Readonly<Record<string, unknown>>, paint: Paint): string[] {
  const required = Array.isArray(schema.required) ? schema.required : []
  return facts(
    Object.entries(Object(schema.properties)).map(([name, field]) => {
      const { type, description, secret, default: preset } = Object(field)
      const parts = [
        type,
        secret && 'secret',
        required.includes(name) && 'required',
        preset !== undefined && `default ${JSON.stringify(preset)}`,
        description,
      ]
      return [name, parts.filter(Boolean).join(', ')]
    }),
    paint,
  )
}

export function kindOf(provider: Provider): string {
  return provider.simulated && provider.kind !== 'simulated' ? `${provider.kind} (simulated machines)` : provider.kind
}

/** What the version says besides the kind, which some providers name in it. */
function versionOf({ kind, health }: Provider): string {
  const version = health?.version ?? ''
  return version.toLowerCase().startsWith(`${kind} `) ? version.slice(kind.length + 1) : version
}

function percent(whole: number, free: number): string {
  return whole === 0 ? '-' : `${Math.round((100 * (whole - free)) / whole)} %`
}
