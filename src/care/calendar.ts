// Times of a wall clock in a time zone, as cron writes them. Where a zone skips an hour, what lies in it happens at its
// end; where it repeats one, it happens once.

import { Cron } from 'croner'

export interface Times {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string
  /** IANA name, e.g. `Europe/Berlin`. */
  readonly timeZone: string
}

/** Why these are no times that ever come; null when they are. */
export function timesMistake({ cron, timeZone }: Times): string | null {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
  } catch {
    return `${timeZone} is no time zone. Write its IANA name, e.g. Europe/Berlin.`
  }
  try {
    return nextTime({ cron, timeZone }, 0) === null ? `${cron} never comes.` : null
  } catch {
    return `${cron} is no cron expression of five fields: minute, hour, day of month, month, day of week.`
  }
}

/** The first time after `after`, ms since 1970; null when there is none. */
export function nextTime(times: Times, after: number): number | null {
  return reader(times).nextRun(new Date(after))?.getTime() ?? null
}

/** The last time up to `now`, ms since 1970; null when there was none. */
export function lastTime(times: Times, now: number): number | null {
  // The reference itself is not looked at, and fields end at the second.
  const beyond = (Math.floor(now / 1000) + 1) * 1000
  return reader(times).previousRuns(1, new Date(beyond)).at(0)?.getTime() ?? null
}

/** Without a function it starts no timer and reads no clock of its own. */
function reader({ cron, timeZone }: Times): Cron {
  return new Cron(cron, { timezone: timeZone, mode: '5-part', paused: true })
}
