// Prices are an infra-admin's word, at the provider; who asks for a platform or a change is told what it will cost.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { begin } from './support/story.ts'

let on: TestGantry
let platforms: string
let provider: string
beforeAll(async () => {
  on = await testGantry()
  const begun = await begin(on.api)
  platforms = `/v1/projects/${begun.project}/platforms`
  provider = `/v1/providers/${begun.provider}`
})
afterAll(() => on[Symbol.asyncDispose]())

const wish = (parameters: object) => ({ name: 'team-a', blueprint: 'machines', parameters })
const quoted = async (parameters: object) =>
  (await on.api('POST', `${platforms}?dryRun=true`, wish(parameters))).body.quote
const pricesAre = (prices: unknown) => on.api('PATCH', provider, { prices })

test('nobody has said what a machine costs, and so nobody is told', async () => {
  expect(await quoted({ count: 1 })).toMatchObject({ costPerHour: null, costReason: expect.stringContaining('at dc1') })
})

test('a price of a flavor that is not there is a slip, and one that is no decimal number is refused', async () => {
  const slip = await pricesAre({ currency: 'EUR', perHour: { smal: '0.1' } })
  expect(slip.body).toMatchObject({
    code: 'invalid_request',
    errors: [{ pointer: '/prices/perHour/smal', detail: 'there is no flavor smal, did you mean small?' }],
  })
  for (const perHour of [{ small: 0.1 }, { small: '-1' }, { small: '1e3' }, { small: '0.1234567890' }])
    expect((await pricesAre({ currency: 'EUR', perHour })).body.code).toBe('invalid_request')
  expect((await pricesAre({ currency: 'euro', perHour: {} })).body.code).toBe('invalid_request')
  expect((await on.api('GET', provider)).body.prices).toBeNull()
})

test('a quote adds them up exactly; a flavor without a price is named', async () => {
  const set = await pricesAre({ currency: 'EUR', perHour: { small: '0.1', large: '0.4' } })
  expect(set.body.prices).toEqual({ currency: 'EUR', perHour: { small: '0.1', large: '0.4' } })
  expect(await quoted({ count: 3, flavor: 'small' })).toMatchObject({
    costPerHour: { amount: '0.30', currency: 'EUR' },
    costReason: null,
  })
  expect(await quoted({ count: 1, flavor: 'medium' })).toMatchObject({
    costPerHour: null,
    costReason: 'no price is set for medium at dc1',
  })
  const { body } = await on.api('GET', '/v1/flavors/large')
  expect(body.prices).toEqual([{ provider: expect.any(String), providerName: 'dc1', amount: '0.4', currency: 'EUR' }])
})

test('the difference of a change says what it costs before, at most while it runs, and after', async () => {
  const { body } = await on.api('POST', platforms, wish({ count: 2, flavor: 'small' }), { prefer: 'wait=60' })
  expect(body.state).toBe('done')
  const at = `/v1/platforms/${body.target.id}`
  const cost = async (parameters: object) =>
    (await on.api('PATCH', `${at}?dryRun=true`, { parameters })).body.quote.costPerHour
  const of = (before: string, during: string, after: string) => {
    const [b, d, a] = [before, during, after].map((amount) => ({ amount, currency: 'EUR' }))
    return { before: b, during: d, after: a }
  }
  expect(await cost({ count: 3 })).toEqual(of('0.20', '0.30', '0.30'))
  expect(await cost({ count: 1 })).toEqual(of('0.20', '0.20', '0.10'))
  // One after the other: both of them are large when the successor of the last is there beside it.
  expect(await cost({ flavor: 'large' })).toEqual(of('0.20', '1.20', '0.80'))
  expect(await cost({ flavor: 'medium' })).toMatchObject({ before: { amount: '0.20' }, during: null, after: null })
})
