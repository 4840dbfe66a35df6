// Whoever is refused a change is told what would be admitted, as whoever asks for a new platform is.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { begin, plenty } from './support/story.ts'

let on: TestGantry
let project: string
let at: string
beforeAll(async () => {
  on = await testGantry()
  project = (await begin(on.api, { ...plenty, 'vm.count': 6, 'vm.cpu': 8 })).project
  const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 2, flavor: 'small' } }
  const { body } = await on.api('POST', `/v1/projects/${project}/platforms`, wish, { prefer: 'wait=60' })
  expect(body.state).toBe('done')
  at = `/v1/platforms/${body.target.id}`
})
afterAll(() => on[Symbol.asyncDispose]())

const asked = (parameters: object, query = '') => on.api('PATCH', `${at}${query}`, { parameters })

test.each(['', '?dryRun=true'])('more than there is of a quota: the most that fits is told (%s)', async (query) => {
  const { body } = await asked({ count: 9 }, query)
  expect(body).toMatchObject({
    code: 'quota_exceeded',
    facts: { wouldFitWith: ['count=6'], usedBy: ['team-a 2'] },
    next: 'Ask a tenant-admin for a larger share, or ask for less: it would fit with count=6.',
  })
  expect(body.detail).toMatch(/Nothing was changed\.$/)
  expect((await on.api('GET', at)).body).toMatchObject({ generation: 1, parameters: { count: 2 } })
})

test('what is there already is never advised to be less', async () => {
  const { body } = await asked({ flavor: 'large' })
  expect(body).toMatchObject({ code: 'quota_exceeded', facts: { key: 'vm.cpu' } })
  expect(body.facts).not.toHaveProperty('wouldFitWith')
})

test('the advice is true: it is admitted, and the next larger is not', async () => {
  expect((await asked({ count: 7 }, '?dryRun=true')).body.code).toBe('quota_exceeded')
  expect((await asked({ count: 6 }, '?dryRun=true')).status).toBe(200)
})
