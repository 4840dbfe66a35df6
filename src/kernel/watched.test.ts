import { expect, test } from 'vitest'
import { lookedAgain } from './watched.ts'

test('what is watched lasts as long as the looks lie apart, and nothing at first sight', () => {
  const first = lookedAgain(null, 1_000, 10_000)
  const second = lookedAgain(first, 4_000, 10_000)
  expect([first.lastsMs, second.lastsMs, lookedAgain(second, 9_000, 10_000).lastsMs]).toEqual([0, 3_000, 8_000])
})

test('a clock that was set, forward or back, and a long sleep count for at most one gap', () => {
  const first = lookedAgain(null, 1_000_000, 10_000)
  expect(lookedAgain(first, 1_000_000 + 86_400_000, 10_000).lastsMs).toBe(10_000)
  expect(lookedAgain(first, 0, 10_000)).toEqual({ lastsMs: 0, at: 0 })
})
