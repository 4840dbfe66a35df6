// What the weather of its providers means for a platform.

import type { PlatformId, ProviderId } from '../../kernel/ids.ts'
import type { Weather } from '../../provider/weather.ts'
import type { Rooms } from '../rooms.ts'
import type { Explanation } from './schemas.ts'

interface Over {
  readonly provider: ProviderId
  readonly name: string
  readonly weather: Weather
}

/** Providers of the platform's machines that this process has spoken to. */
export async function providersOf(
  { store, sessions }: Pick<Rooms, 'store' | 'sessions'>,
  platform: PlatformId,
): Promise<Over[]> {
  const rows = await store.read
    .selectFrom('machines')
    .innerJoin('providers', 'providers.id', 'machines.provider_id')
    .select(['providers.id', 'providers.name'])
    .distinct()
    .where('machines.platform_id', '=', platform)
    .where('machines.state', '!=', 'deleted')
    .orderBy('providers.name')
    .execute()
  return rows.flatMap(({ id, name }) => {
    const weather = sessions.weather(id)
    return weather ? [{ provider: id, name, weather }] : []
  })
}

/** Those of them that are not called at present, and why. */
export async function weatherOver(rooms: Rooms, platform: PlatformId): Promise<Explanation['weather']> {
  return (await providersOf(rooms, platform)).flatMap(({ provider, name, weather }) => {
    const reason = weather.reason()
    return reason === null ? [] : [{ provider, name, breaker: weather.view().breaker.state, reason }]
  })
}
