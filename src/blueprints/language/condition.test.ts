import { expect, test } from 'vitest'
import { type Condition, comparisonsOf, holds } from './condition.ts'

const parameters = { size: 3, tls: true, mode: 'fast' }

const cases: readonly (readonly [Condition, boolean])[] = [
  [{ eq: { size: 3 } }, true],
  [{ eq: { size: 3, tls: false } }, false],
  [{ in: { mode: ['slow', 'fast'] } }, true],
  [{ in: { mode: ['slow'] } }, false],
  [{ gt: { size: 2 } }, true],
  [{ gt: { size: 3 } }, false],
  [{ and: [{ eq: { tls: true } }, { gt: { size: 5 } }] }, false],
  [{ or: [{ eq: { tls: true } }, { gt: { size: 5 } }] }, true],
  [{ not: { eq: { mode: 'fast' } } }, false],
]

test.each(cases)('%j is %s', (condition, expected) => {
  expect(holds(condition, parameters)).toBe(expected)
})

test('comparisons are found wherever they stand, with the way to them', () => {
  const condition: Condition = { and: [{ not: { gt: { size: 2 } } }, { or: [{ in: { mode: ['a', 'b'] } }] }] }
  expect(comparisonsOf(condition)).toEqual([
    { operator: 'gt', parameter: 'size', constants: [2], path: ['and', 0, 'not', 'gt', 'size'] },
    { operator: 'in', parameter: 'mode', constants: ['a', 'b'], path: ['and', 1, 'or', 0, 'in', 'mode'] },
  ])
})
