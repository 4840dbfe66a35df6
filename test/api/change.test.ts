// A platform is changed over the API: shown first, guarded by If-Match, done by a task, taken back.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { begin } from './support/story.ts'

let on: TestGantry
let at: string
beforeAll(async () => {
  on = await testGantry()
  const { project } = await begin(on.api)
  const wish = { name: 'team-a', blueprint: 'machines', parameters: { count: 2 } }
  const { body } = await on.api('POST', `/v1/projects/${project}/platforms`, wish, { prefer: 'wait=60' })
  expect(body.state).toBe('done')
  at = `/v1/platforms/${body.target.id}`
})
afterAll(() => on[Symbol.asyncDispose]())

test('a dry run shows who stays and who comes, what it takes, and changes nothing', async () => {
  const shown = await on.api('PATCH', `${at}?dryRun=true`, { groups: { machine: { count: 3 } } })
  expect(shown.status).toBe(200)
  expect(shown.body).toMatchObject({ generation: 2, changed: ['count'], waves: [] })
  expect(shown.body.members.map((one: { member: string; what: string }) => `${one.member} ${one.what}`)).toEqual([
    ...['machine-0@1 stays', 'machine-1@1 stays', 'machine-2@1 added'],
  ])
  expect(shown.body.quote.quota['vm.count']).toMatchObject({ wanted: 1 })
  expect((await on.api('GET', at)).body).toMatchObject({ generation: 1, parameters: { count: 2 } })
})

test('an old ETag changes nothing; a new one does, and the task tells the end', async () => {
  const before = await on.api('GET', at)
  const old = { 'if-match': '"0"' }
  expect((await on.api('PATCH', at, { parameters: { count: 3 } }, old)).status).toBe(412)
  const match = { 'if-match': before.headers.get('etag') ?? '', prefer: 'wait=60' }
  const task = await on.api('PATCH', at, { parameters: { count: 3 } }, match)
  expect(task.body).toMatchObject({ kind: 'platform.change', state: 'done' })
  const after = await on.api('GET', at)
  expect(after.body).toMatchObject({ state: 'ready', generation: 2, machines: { wanted: 3, ready: 3 } })
})

test('asking for what is so already is answered with the platform, by no task', async () => {
  const same = await on.api('PATCH', at, { parameters: { count: 3 } })
  expect(same).toMatchObject({ status: 200, body: { generation: 2, task: null } })
})

test.each([
  [{ parameters: { count: 0 } }, 'invalid_parameter'],
  [{ parameters: { cuont: 1 } }, 'unknown_parameter'],
  [{ groups: { manager: { count: 1 } } }, 'invalid_parameter'],
  [{ blueprint: 'swarm' }, 'invalid_parameter'],
  [{ blueprint: 'machines@9.9.9' }, 'not_found'],
  [{ groups: { machine: { flavor: 'gigantic' } } }, 'invalid_parameter'],
])('%j is refused as %s and nothing is changed', async (body, code) => {
  const refused = await on.api('PATCH', at, body)
  expect(refused.body).toMatchObject({ code, next: expect.any(String) })
  expect((await on.api('GET', at)).body).toMatchObject({ generation: 2, parameters: { count: 3 } })
})

test('a name and a size in one request: both, or neither', async () => {
  const task = await on.api('PATCH', at, { name: 'team-b', parameters: { count: 1 } }, { prefer: 'wait=60' })
  expect(task.body).toMatchObject({ kind: 'platform.change', state: 'done', target: { name: 'team-b' } })
  const refused = await on.api('PATCH', at, { name: 'team-c', parameters: { count: -1 } })
  expect(refused.status).toBe(422)
  expect((await on.api('GET', at)).body).toMatchObject({ name: 'team-b', machines: { wanted: 1, ready: 1 } })
})

test('the way back: to the one before, by a task, as a revision of its own', async () => {
  const back = await on.api('POST', `${at}/rollback`, {}, { prefer: 'wait=60' })
  expect(back.body).toMatchObject({ kind: 'platform.rollback', state: 'done' })
  const { body } = await on.api('GET', `${at}/revisions`)
  expect(
    body.items.map((one: { number: number; kind: string; parameters: { count: number } }) => [
      one.number,
      one.kind,
      one.parameters.count,
    ]),
  ).toEqual([
    ...[
      [4, 'rollback', 3],
      [3, 'change', 1],
      [2, 'change', 3],
      [1, 'create', 2],
    ],
  ])
  expect(body.items[0].settledAt).not.toBeNull()
  expect((await on.api('POST', `${at}/rollback`, { revision: 99 })).body.code).toBe('not_found')
})

test('renewed: every machine is another one, and nothing of what it is to be has changed', async () => {
  const before = await on.api('GET', '/v1/machines')
  const task = await on.api('POST', `${at}/renew`, undefined, { prefer: 'wait=60' })
  expect(task.body).toMatchObject({ kind: 'platform.renew', state: 'done' })
  const after = await on.api('GET', '/v1/machines')
  const ids = (answer: typeof after): string[] => answer.body.items.map((one: { id: string }) => one.id)
  expect(ids(after)).toHaveLength(3)
  expect(ids(after).filter((id) => ids(before).includes(id))).toEqual([])
})
