import { expect, test } from 'vitest'
import { watched } from './watched.ts'

test('time counts from look to look, and only as long as it stays so', () => {
  const ill = watched()
  expect([ill.see('a', 1_000), ill.see('a', 11_000), ill.see('a', 31_000)]).toEqual([0, 10_000, 30_000])
  ill.keep(new Set())
  expect(ill.has('a')).toBe(false)
  expect(ill.see('a', 32_000)).toBe(0)
})

test('a clock that is set forward, a process that slept and a clock that is set back prove nothing', () => {
  const ill = watched()
  ill.see('a', 1_000)
  expect(ill.see('a', 1_000 + 24 * 3_600_000)).toBe(60_000)
  expect(ill.see('a', 5_000)).toBe(60_000)
  expect(ill.see('a', 15_000)).toBe(70_000)
})
