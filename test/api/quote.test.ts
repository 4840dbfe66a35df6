// What it takes, costs and how long others took is told before anything is done.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { begin, made, plenty } from './support/story.ts'

let on: TestGantry
let project: string
beforeAll(async () => {
  on = await testGantry()
  project = (await begin(on.api)).project
})
afterAll(() => on[Symbol.asyncDispose]())

const one = (name: string) => ({ name, blueprint: 'machines', parameters: { count: 1 } })
const quoted = async (of: string) =>
  (await on.api('POST', `/v1/projects/${of}/platforms?dryRun=true`, one('next'))).body.quote.seconds

test('a quote tells how long others took, of every tenant, by kind of work, and names nobody', async () => {
  expect(await quoted(project)).toBeNull()
  const built = await on.api('POST', `/v1/projects/${project}/platforms`, one('first'), { prefer: 'wait=60' })
  expect(built.body).toMatchObject({ state: 'done', eta: null })
  const took = (Date.parse(built.body.endedAt) - Date.parse(built.body.startedAt)) / 1000
  const seconds = { p50: took, p90: took, samples: 1 }
  expect(await quoted(project)).toEqual(seconds)

  const tenant = await made(on.api, '/v1/tenants', { name: 'bank' })
  const ticket = await made(on.api, `/v1/tenants/${tenant}/tickets`, { name: 'iron', limits: plenty })
  const shares = [{ ticket, limits: plenty }]
  const other = await made(on.api, `/v1/tenants/${tenant}/projects`, { name: 'core', shares })
  expect(await quoted(other)).toEqual(seconds)

  const at = `/v1/platforms/${built.body.target.id}`
  const more = { parameters: { count: 2 } }
  expect((await on.api('PATCH', `${at}?dryRun=true`, more)).body.quote.seconds).toBeNull()
  expect((await on.api('PATCH', at, more, { prefer: 'wait=60' })).body.state).toBe('done')
  const again = await on.api('PATCH', `${at}?dryRun=true`, { parameters: { count: 3 } })
  expect(again.body.quote.seconds).toMatchObject({ samples: 1 })
  expect(await quoted(project)).toEqual(seconds)
})
