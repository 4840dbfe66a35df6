import { expect, test } from 'vitest'
import { ago, bytes, clock, duration } from './duration.ts'

test('a duration is said in the unit one would say it in', () => {
  const said = [-5, 49, 400, 9_940, 9_990, 38_000, 59_600, 60_000, 372_000, 3_600_000, 11_100_000, 187_200_000].map(
    duration,
  )
  expect(said).toEqual([
    '0 ms',
    '49 ms',
    '0.4 s',
    '9.9 s',
    '10 s',
    '38 s',
    '1 min',
    '1 min',
    '6 min 12 s',
    '1 h',
    '3 h 5 min',
    '2 d 4 h',
  ])
})

test('a running time keeps the form of a clock', () => {
  expect([-5, 9_999, 372_000, 3_723_000].map(clock)).toEqual(['0:00', '0:09', '6:12', '1:02:03'])
})

test('sizes are in powers of 1024, and an absent instant is no time ago', () => {
  expect([900, 512 * 2 ** 20, 1.5 * 2 ** 30, 2 ** 40].map(bytes)).toEqual(['900 B', '512 MiB', '1.5 GiB', '1 TiB'])
  expect(ago(null, 0)).toBe('')
  expect(ago('1970-01-01T00:00:01.000Z', 41_000)).toBe('40 s ago')
})
