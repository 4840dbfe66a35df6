import { instant } from '../../http/schema.ts'
import type { Weather } from '../../provider/weather.ts'
import type { ProviderTable } from '../../store/index.ts'
import type { Maintenance, Zone } from '../hosts/index.ts'
import { parseLabels } from '../labels.ts'
import { factsOf, identityOf, imagesOf, overcommitOf, pricesOf, rateLimitOf } from './columns.ts'
import { shownConfig } from './config.ts'
import type { Provider } from './schemas.ts'
import { weatherNow } from './weather.ts'

/** The provider as it is shown. */
export function providerView(
  row: ProviderTable,
  about: {
    readonly simulated: boolean
    readonly zones: readonly Zone[]
    readonly machines: number
    readonly maintenance: readonly Maintenance[]
    readonly weather: Weather | undefined
  },
): Provider {
  const { health, capabilities } = factsOf(row)
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    simulated: about.simulated,
    config: shownConfig(row.config),
    images: imagesOf(row),
    overcommit: overcommitOf(row),
    rateLimit: rateLimitOf(row),
    prices: pricesOf(row),
    labels: parseLabels(row.labels),
    state: row.state,
    stateSince: instant(row.state_since),
    stateReason: row.state_reason,
    identity: identityOf(row),
    health,
    capabilities,
    weather: weatherNow(about.weather),
    zones: about.zones.filter((zone) => zone.provider === row.id),
    maintenance: [...about.maintenance],
    machines: about.machines,
    lastScanAt: instant(row.last_scan_at),
    createdAt: instant(row.created_at),
  }
}
