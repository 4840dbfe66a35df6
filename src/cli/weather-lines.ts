// The weather of a provider, as one looks at it: is it the provider, and who waits for it?

import { duration } from './client/duration.ts'
import { facts, table } from './client/table.ts'
import { count, type Paint, tame } from './client/text.ts'
import type { ProviderWeather, ProviderWeatherNow } from './client/types.ts'

export function weatherLines({ name, now, byCall, waiting }: ProviderWeather, at: number, paint: Paint): string[] {
  if (now === null) return [`${paint('strong', name)}  was not spoken to since this server started.`]
  const { breaker, rateLimit } = now
  const since = duration(at - Date.parse(breaker.since))
  const limit = rateLimit
    ? `${rateLimit.perSecond} a second, ${rateLimit.burst} at once; ${count(now.queued, 'call')} queued`
    : 'none'
  return [
    `${paint('strong', name)}  ${paint(now.reason ? 'bad' : 'good', skyOf(now))}`,
    ...facts(
      [
        [
          'breaker',
          `${breaker.state} for ${since}${breaker.refused > 0 ? `, ${count(breaker.refused, 'call')} not sent` : ''}`,
        ],
        ['because', breaker.reason && tame(breaker.reason)],
        ['next probe', breaker.probeAt && `in ${duration(Math.max(0, Date.parse(breaker.probeAt) - at))}`],
        ['paused for', now.pausedUntil && duration(Math.max(0, Date.parse(now.pausedUntil) - at))],
        ['rate limit', limit],
      ],
      paint,
    ),
    ...table(
      ['CALLS', 'COUNT', 'FAILED', 'THROTTLED', 'P50', 'P90'],
      byCall
        .filter(({ calls }) => calls > 0)
        .map(({ call, calls, failed, throttled, p50Ms, p90Ms }) => [
          call,
          calls,
          failed,
          throttled,
          p50Ms === null ? '-' : duration(p50Ms),
          p90Ms === null ? '-' : duration(p90Ms),
        ]),
      paint,
    ),
    ...(waiting.steps === 0 ? ['Nothing waits for it.'] : [`${count(waiting.steps, 'step')} wait for it:`]),
    ...waiting.platforms.map(
      (one) => `  ${one.name}  ${count(one.steps, 'step')}${one.reason ? `: ${tame(one.reason)}` : ''}`,
    ),
  ]
}

/** In a word or two, for a line that says more. */
export function skyOf({ reason, calls, errorRate, p50Ms, p90Ms }: ProviderWeatherNow): string {
  if (reason !== null) return tame(reason)
  if (calls === 0) return 'not called lately'
  const errors = errorRate === 0 ? 'no errors' : `${Math.round(errorRate * 100)} % errors`
  const took = p50Ms === null || p90Ms === null ? '' : `, ${duration(p50Ms)} (p50), ${duration(p90Ms)} (p90)`
  return `${count(calls, 'call')} in 5 min, ${errors}${took}`
}
