// A platform is asked for together with its lease, its schedule and its window: it never is without them.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { begin } from './support/story.ts'

let on: TestGantry
let platforms: string
beforeAll(async () => {
  on = await testGantry()
  platforms = `/v1/projects/${(await begin(on.api)).project}/platforms`
})
afterAll(() => on[Symbol.asyncDispose]())

const expiresAt = new Date(Date.now() + 30 * 86_400_000).toISOString()
const terms = {
  lease: { expiresAt, graceSeconds: 7200 },
  schedule: { hibernate: '0 20 * * 1-5', wake: null, timeZone: 'Europe/Berlin' },
  maintenanceWindow: { opens: '0 2 * * 6', durationSeconds: 3600, timeZone: 'Europe/Berlin' },
}
const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 1 }, deletionProtection: true }

test.each([
  [{ lease: { expiresAt: '2020-01-01T00:00:00Z' } }, '/lease/expiresAt'],
  [{ schedule: { ...terms.schedule, wake: '0 0 30 2 *' } }, '/schedule/wake'],
  [{ schedule: { ...terms.schedule, timeZone: 'Mars/Olympus' } }, '/schedule/timeZone'],
  [{ maintenanceWindow: { ...terms.maintenanceWindow, opens: '0 0 30 2 *' } }, '/maintenanceWindow/opens'],
])('%j is refused at %s, by a dry run too, and nothing is made', async (wrong, pointer) => {
  for (const query of ['', '?dryRun=true'])
    expect(await on.api('POST', platforms + query, { ...wish, ...wrong })).toMatchObject({
      status: 422,
      body: { code: 'invalid_request', errors: [{ pointer }] },
    })
  expect((await on.api('GET', platforms)).body.items).toEqual([])
})

test('all of them are there from the first moment', async () => {
  const { status, body } = await on.api('POST', platforms, { ...wish, ...terms })
  expect(status).toBe(202)
  const of = async (what: string) => (await on.api('GET', `/v1/platforms/${body.target.id}/${what}`)).body
  expect(await of('lease')).toEqual({
    expiresAt,
    graceSeconds: 7200,
    expired: false,
    deletedInSeconds: null,
    protected: true,
  })
  expect(await of('schedule')).toMatchObject({ ...terms.schedule, nextHibernate: expect.any(String) })
  expect(await of('maintenance-window')).toMatchObject(terms.maintenanceWindow)
  const { items } = (await on.api('GET', `/v1/events?platform=${body.target.id}&limit=1000`)).body
  expect(items.filter(({ kind }: { kind: string }) => kind === 'lease.renewed')).toMatchObject([
    { data: { from: null, to: expiresAt } },
  ])
})
