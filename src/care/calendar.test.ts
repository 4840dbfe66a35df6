import { expect, test } from 'vitest'
import { lastTime, nextTime, timesMistake } from './calendar.ts'
import { windowAt } from './window.ts'

const berlin = (cron: string) => ({ cron, timeZone: 'Europe/Berlin' })
const at = (text: string) => Date.parse(text)
const next = (cron: string, after: string) => new Date(nextTime(berlin(cron), at(after)) ?? 0).toISOString()
const last = (cron: string, now: string) => new Date(lastTime(berlin(cron), at(now)) ?? 0).toISOString()

test('an hour of the day stays that hour through summer and winter', () => {
  expect(next('0 7 * * 1-5', '2026-03-27T12:00:00Z')).toBe('2026-03-30T05:00:00.000Z')
  expect(next('0 7 * * 1-5', '2026-10-23T12:00:00Z')).toBe('2026-10-26T06:00:00.000Z')
})

test('what lies in a skipped hour happens at its end, what lies in a repeated one happens once', () => {
  expect(next('30 2 * * *', '2026-03-29T00:00:00Z')).toBe('2026-03-29T01:00:00.000Z')
  expect(next('30 2 * * *', '2026-10-25T00:00:00Z')).toBe('2026-10-25T00:30:00.000Z')
  expect(next('30 2 * * *', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z')
  expect(last('30 2 * * *', '2026-10-25T01:45:00Z')).toBe('2026-10-25T00:30:00.000Z')
})

test('the last time is the present one from its first millisecond', () => {
  expect(last('0 7 * * *', '2026-06-01T05:00:00.000Z')).toBe('2026-06-01T05:00:00.000Z')
  expect(last('0 7 * * *', '2026-06-01T04:59:59.999Z')).toBe('2026-05-31T05:00:00.000Z')
})

test('a mistake is named', () => {
  expect(timesMistake(berlin('0 7 * * 1-5'))).toBeNull()
  expect(timesMistake({ cron: '0 7 * * *', timeZone: 'Europe/Atlantis' })).toMatch(/no time zone/)
  expect(timesMistake(berlin('0 7 * *'))).toMatch(/five fields/)
  expect(timesMistake(berlin('0 0 7 * * *'))).toMatch(/five fields/)
  expect(timesMistake(berlin('0 0 30 2 *'))).toMatch(/never comes/)
})

test('a window is open from its time for as long as it lasts, and says when that changes', () => {
  const window = { ...berlin('0 2 * * 6'), durationMs: 4 * 3_600_000 }
  expect(windowAt(window, at('2026-06-06T00:00:00Z'))).toEqual({ open: true, until: at('2026-06-06T04:00:00Z') })
  expect(windowAt(window, at('2026-06-06T04:00:00Z'))).toEqual({ open: false, until: at('2026-06-13T00:00:00Z') })
  expect(windowAt(null, 0)).toEqual({ open: true, until: null })
})
