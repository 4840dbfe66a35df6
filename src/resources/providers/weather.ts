// How a provider answers, and what waits because of it.

import type { Scope } from '../../access/index.ts'
import { instant } from '../../http/schema.ts'
import type { ProviderId } from '../../kernel/ids.ts'
import { callKinds } from '../../provider/statistics.ts'
import type { Weather } from '../../provider/weather.ts'
import type { Db, ProviderTable } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import type { ProviderWeather, ProviderWeatherNow } from './schemas.ts'

const shownPlatforms = 50

export async function showWeather(
  { sessions, store }: Pick<Rooms, 'sessions' | 'store'>,
  scope: Scope,
  row: ProviderTable,
): Promise<ProviderWeather> {
  const weather = sessions.weather(row.id)
  const { byKind } = weather?.view() ?? {}
  return {
    provider: row.id,
    name: row.name,
    now: weatherNow(weather),
    byCall: byKind ? callKinds.map((call) => ({ call, ...byKind[call] })) : [],
    waiting: await waitingFor(store.read, scope, row),
  }
}

/** null while the provider was not spoken to. */
export function weatherNow(weather: Weather | undefined): ProviderWeatherNow | null {
  if (!weather) return null
  const { all, breaker, pausedUntil, rateLimit, queued, longestMs } = weather.view()
  return {
    reason: weather.reason(),
    ...all,
    breaker: { ...breaker, since: instant(breaker.since), probeAt: instant(breaker.probeAt) },
    pausedUntil: instant(pausedUntil),
    rateLimit,
    queued,
    longestMs,
  }
}

/** Machines that are to come or to go, whose step waits or is blocked because the provider does not answer or is let alone. */
async function waitingFor(db: Db, _scope: Scope, { id, name }: { readonly id: ProviderId; readonly name: string }) {
  const rows = await db
    .selectFrom('machines')
    .innerJoin('records', (join) =>
      join
        .onRef('records.platform_id', '=', 'machines.platform_id')
        .on((on) => on('records.key', '=', on.fn<string>('concat', [on.val('machine/'), 'machines.member']))),
    )
    .innerJoin('platforms', 'platforms.id', 'machines.platform_id')
    .select(({ fn }) => [
      'platforms.id',
      'platforms.name',
      fn.countAll<number>().as('steps'),
      fn.min('records.started_at').as('since'),
      fn.max('records.reason').as('reason'),
    ])
    .where('machines.provider_id', '=', id)
    .where('machines.state', 'in', ['planned', 'creating', 'booting', 'replacing', 'deleting'])
    .where('records.status', 'in', ['waiting', 'blocked'])
    .where((where) =>
      where.or([
        where('records.problem', 'like', '%"code":"provider_unreachable"%'),
        // As HeldBack words it (provider/weather.ts).
        where('records.reason', 'like', `provider ${name} %`),
      ]),
    )
    .groupBy(['platforms.id', 'platforms.name'])
    .orderBy('since')
    .execute()
  return {
    steps: rows.reduce((sum, row) => sum + Number(row.steps), 0),
    platforms: rows.slice(0, shownPlatforms).map((row) => ({
      platform: row.id,
      name: row.name,
      steps: Number(row.steps),
      since: instant(row.since),
      reason: row.reason,
    })),
  }
}
