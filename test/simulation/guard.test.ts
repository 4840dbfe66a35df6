import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { ownWorld } from './guard.ts'

const uses: readonly (readonly [string, () => unknown])[] = [
  ['a real timer', () => setTimeout(() => undefined, 1)],
  ['the real clock', () => Date.now()],
  ['chance', () => Math.random()],
  ['chance of the system', () => randomUUID()],
  ['a socket', () => connect(1, '127.0.0.1')],
  ['fetch', () => fetch('http://127.0.0.1:1')],
]

test.each(uses)('%s in a history throws and is told, and works again after it', (_what, use) => {
  const told: string[] = []
  {
    using _guard = ownWorld((what) => told.push(what))
    expect(use).toThrow(/not to be used in a simulated history/)
  }
  expect(told).toHaveLength(1)
  expect(Math.random()).toBeLessThan(1)
  expect(Date.now()).toBeGreaterThan(0)
  expect(randomUUID()).toHaveLength(36)
})
