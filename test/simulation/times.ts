// Times by the clock as a history uses them, computed here once more without a library: what the product fires by croner
// is judged by plain arithmetic. Histories live in January, so that no zone changes its offset in them.

/** Minutes east of Greenwich. Two of them are not whole hours: a minute of the hour is another one there. */
export const zones = { UTC: 0, 'Europe/Berlin': 60, 'Asia/Kathmandu': 345, 'America/St_Johns': -210 } as const
export type Zone = keyof typeof zones

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** A window opens so often, ms: a history is too short for days. */
const windowEveryMs = 4 * minuteMs

/** Once an hour, at a minute as it is in UTC. */
export function hourly(minuteUtc: number, zone: Zone): string {
  return `${modulo(minuteUtc + zones[zone], 60)} * * * *`
}

/** Every four minutes, from a minute (0 to 3) as it is in UTC. */
export function everyFour(minuteUtc: number, zone: Zone): string {
  return `${modulo(minuteUtc + zones[zone], 4)}-59/4 * * * *`
}

/** The last moment of an `hourly` up to `now`, ms since 1970. */
export function lastHourly(cron: string, zone: Zone, now: number): number {
  const local = now + zones[zone] * minuteMs
  return now - modulo(local - firstField(cron) * minuteMs, hourMs)
}

/** Whether a window of `everyFour` is open at `now`. */
export function isOpen(cron: string, zone: Zone, durationMs: number, now: number): boolean {
  const local = now + zones[zone] * minuteMs
  return modulo(local - firstField(cron) * minuteMs, windowEveryMs) < durationMs
}

export function isZone(text: string): text is Zone {
  return Object.hasOwn(zones, text)
}

function firstField(cron: string): number {
  return Number.parseInt(cron, 10)
}

function modulo(number: number, by: number): number {
  return ((number % by) + by) % by
}
