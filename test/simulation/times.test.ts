import { expect, test } from 'vitest'
import { lastTime } from '../../src/care/calendar.ts'
import { seededRandom } from '../support/random.ts'
import { everyFour, hourly, isOpen, lastHourly, type Zone, zones } from './times.ts'

test.each(Object.keys(zones) as Zone[])(
  'in %s the arithmetic of histories and the calendar of the product agree',
  (zone) => {
    const random = seededRandom(1)
    for (let minute = 0; minute < 60; minute++) {
      const now = Date.UTC(2026, 0, 1 + Math.floor(random.next() * 30)) + Math.floor(random.next() * 86_400_000)
      const cron = hourly(minute, zone)
      expect(lastHourly(cron, zone, now)).toBe(lastTime({ cron, timeZone: zone }, now))
      const opens = everyFour(minute % 4, zone)
      const opened = lastTime({ cron: opens, timeZone: zone }, now) ?? 0
      expect(isOpen(opens, zone, 90_000, now)).toBe(now < opened + 90_000)
    }
  },
)
