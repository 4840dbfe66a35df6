import { expect, test } from 'vitest'
import { summary } from '../sweep/summary.ts'

const sweep = (name: string, lives: number) => ({ name, boundaries: 40, lives, copied: true, seconds: 30 })
const recorded = { one: 40, two: 40, three: 20 }

test('what this run did, what earlier ones had done and what of all that makes are told apart', () => {
  const all = [sweep('one', 40), sweep('two', 1)]
  expect(summary({ all, before: 1, recorded, seconds: 90, source: 'abc' })).toBe(
    [
      'this run 1 sweep passed, 1 boundary taken, 1.5 min',
      'resumed  1 sweep passed, 40 boundaries taken in earlier runs on the same source, not run again',
      'in all   2 sweeps passed, 41 boundaries taken of the 100 boundaries of 3 sweeps (41.0 %), 1.0 min of lives, on abc',
    ].join('\n'),
  )
})

test('a run with nothing left to do does not say that it did anything', () => {
  const all = [sweep('one', 40)]
  expect(summary({ all, before: 1, recorded, seconds: 2, source: 'abc' }).split('\n')[0]).toBe(
    'this run 0 sweeps passed, 0 boundaries taken, 2.0 s',
  )
})

test('a sweep that prepared each of its lives anew is named', () => {
  const all = [sweep('one', 40), { ...sweep('two', 40), copied: false }]
  const said = summary({ all, before: 0, recorded, seconds: 2, source: 'abc' }).split('\n')
  expect(said.slice(3)).toEqual(['prepared anew for each life: two'])
})
