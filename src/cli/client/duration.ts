// People read time in the unit they would say it in; a running time is read at a glance, so it keeps the form of a clock.

/** `40 ms`, `0.4 s`, `38 s`, `6 min 12 s`, `3 h 5 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 95) return `${Math.max(0, Math.round(ms))} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.round(tenths / 10)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return pair(minutes, 'min', seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return pair(hours, 'h', minutes % 60, 'min')
  return pair(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

/** `0:09`, `6:12`, `1:02:03`: a time that is still running. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** `38 s (90 %: 51 s, of the last 12)` of what our own history says, s. */
export function usualTime({ p50, p90, samples }: { p50: number; p90: number; samples: number }): string {
  return `${duration(p50 * 1000)} (90 %: ${duration(p90 * 1000)}, of the last ${samples})`
}

/** `3.4 s ago` of an RFC 3339 instant, seen from `now` (ms); an empty text for none. */
export function ago(instant: string | null | undefined, now: number): string {
  return instant ? `${duration(now - Date.parse(instant))} ago` : ''
}

/** `4 GiB`, `512 MiB`, `1.5 GiB`, `900 B`. */
export function bytes(amount: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let unit = 0
  let value = amount
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${Number(value.toFixed(1))} ${units[unit]}`
}

/** `10:44:02` in the reader's own time zone. */
export function timeOfDay(instant: string | number | Date): string {
  return new Date(instant).toLocaleTimeString('en-GB', { hour12: false })
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}
