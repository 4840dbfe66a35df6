import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ProviderId } from '../../kernel/ids.ts'
import { totalOf } from './cost.ts'

const provider = 'prv_a' as ProviderId
const listOf = (perHour: Record<string, string>, currency = 'EUR') => ({
  provider,
  providerName: 'dc1',
  prices: { currency, perHour },
})

test('ten machines of ten cents are one euro, not 0.9999999999999999', () => {
  const machines = Array.from({ length: 10 }, () => ({ provider, flavor: 'small' }))
  expect(totalOf([listOf({ small: '0.1' })], machines).cost).toEqual({ amount: '1.00', currency: 'EUR' })
})

test('any prices add up to what counting their billionths gives', () => {
  const amount = fc.integer({ min: 0, max: 999_999_999 })
  fc.assert(
    fc.property(fc.array(fc.tuple(amount, amount), { minLength: 1, maxLength: 20 }), (prices) => {
      const perHour = Object.fromEntries(
        prices.map(([whole, part], n) => [`f${n}`, `${whole}.${String(part).padStart(9, '0')}`]),
      )
      const { cost } = totalOf(
        [listOf(perHour)],
        prices.map((_, n) => ({ provider, flavor: `f${n}` })),
      )
      const [whole = '', part = ''] = (cost?.amount ?? '').split('.')
      const sum = prices.reduce((all, [n, f]) => all + BigInt(n) * 1_000_000_000n + BigInt(f), 0n)
      return BigInt(whole) * 1_000_000_000n + BigInt(part.padEnd(9, '0')) === sum
    }),
  )
})

test('one machine without a price, and there is no sum but its name', () => {
  const machines = ['small', 'large', 'large'].map((flavor) => ({ provider, flavor }))
  expect(totalOf([listOf({ small: '0.1' })], machines)).toEqual({
    cost: null,
    reason: 'no price is set for large at dc1',
  })
  expect(totalOf([{ provider, providerName: 'dc1', prices: null }], []).reason).toBe('no price is set')
})

test('two currencies have no sum', () => {
  const other = 'prv_b' as ProviderId
  const lists = [listOf({ small: '1' }), { ...listOf({ small: '1' }, 'USD'), provider: other, providerName: 'dc2' }]
  const machines = [provider, other].map((at) => ({ provider: at, flavor: 'small' }))
  expect(totalOf(lists, machines)).toEqual({ cost: null, reason: 'prices are in EUR and in USD' })
})
