// Operations by HTTP: planned, run, followed, refused, and what they make is shown to whom may see it.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { type Begun, begin } from './support/story.ts'

const blueprint = `
name: jobs
version: 1.0.0
groups:
  vm: { count: 2, flavor: small, image: debian-12 }
operations:
  key:
    description: Makes a key.
    parameters: { length: { type: integer, minimum: 1, maximum: 9, default: 4 } }
    steps:
      make: { on: any-healthy(vm), run: scripts/make.sh, using: { length: { param: length } }, outputs: { key: secret } }
      place: { on: each, needs: [make], run: scripts/place.sh, using: { key: make.key } }
    outputs:
      key: { from: make.key }
  break: { mode: exclusive, steps: { fail: { on: each, run: scripts/fail.sh, attempts: 1 } } }
  alone: { mode: exclusive, steps: { rest: { on: any-healthy(vm), run: scripts/rest.sh } } }
`
const files = {
  'blueprint.yaml': blueprint,
  'scripts/make.sh': 'echo "key=opensesame-$LENGTH" >> "$GANTRY_OUTPUT"',
  'scripts/place.sh': 'echo "the key is $KEY"',
  'scripts/fail.sh': 'echo broken; exit 7',
  'scripts/rest.sh': 'sleep 2',
}

let on: TestGantry
let begun: Begun
let at: string
let key: string
beforeAll(async () => {
  on = await testGantry()
  begun = await begin(on.api)
  await on.api('POST', '/v1/blueprints', { files })
  const wish = { name: 'team-a', blueprint: 'jobs' }
  const task = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=20' })
  at = `/v1/platforms/${task.body.target.id}`
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

test('dryRun shows the plan and writes nothing', async () => {
  const before = await on.api('GET', '/v1/tasks')
  const answer = await on.api('POST', `${at}/operations?dryRun=true`, { operation: 'key' })
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  expect(answer.body).toMatchObject({ operation: 'key', mode: 'shared', parameters: { length: 4 } })
  expect(answer.body.steps.map((step: { key: string }) => step.key)).toEqual([
    'op/<task>/make',
    'op/<task>/vm-0@1/place',
    'op/<task>/vm-1@1/place',
  ])
  expect(answer.body.members).toEqual(['vm-0@1', 'vm-1@1'])
  expect((await on.api('GET', '/v1/tasks')).body.items).toHaveLength(before.body.items.length)
})

test('it runs as a task with steps of its own; its secret is a reference until it is asked for', async () => {
  const wish = { operation: 'key', parameters: { length: 9 } }
  const once = { 'idempotency-key': 'one-key', prefer: 'wait=20' }
  const answer = await on.api('POST', `${at}/operations`, wish, once)
  expect(answer.status, JSON.stringify(answer.body)).toBe(202)
  key = answer.body.id
  expect(answer.headers.get('location')).toBe(`/v1/tasks/${key}`)
  expect(answer.body).toMatchObject({
    kind: 'platform.operation',
    operation: 'key',
    state: 'done',
    parameters: { length: 9 },
    progress: { done: 3, total: 3 },
    outputs: { key: { secret: true, href: `/v1/tasks/${key}/outputs/key` } },
    target: { generation: null },
  })
  expect(answer.body.steps.map((step: { name: string; member: string }) => [step.name, step.member])).toEqual([
    ['make', null],
    ['place', 'vm-0@1'],
    ['place', 'vm-1@1'],
  ])
  expect((await on.api('POST', `${at}/operations`, wish, once)).body.id).toBe(key)
  expect((await on.api('GET', `/v1/tasks/${key}/outputs/key`)).body).toEqual({
    name: 'key',
    secret: true,
    value: 'opensesame-9',
  })
  expect((await on.api('GET', `/v1/tasks/${key}/outputs/other`)).status).toBe(404)
  const logs = await on.api('GET', `${at}/logs?step=place`)
  expect(logs.body.items).toHaveLength(2)
  for (const log of logs.body.items) expect(log.text).toBe('the key is [redacted]\n')
  const events = await on.api('GET', `/v1/events?task=${key}`)
  expect(events.body.items[0]).toMatchObject({ kind: 'task.created', data: { operation: 'key' } })
  expect(events.body.items[0].actor).toMatch(/^tok_/)
  expect(JSON.stringify((await on.api('GET', '/v1/events?limit=1000')).body)).not.toContain('opensesame')
})

test('one that fails says why, its platform stays ready, and retry runs it as another task', async () => {
  const answer = await on.api('POST', `${at}/operations`, { operation: 'break' }, { prefer: 'wait=20' })
  expect(answer.body).toMatchObject({ state: 'failed', problem: { code: 'script_failed' }, outputs: {} })
  expect((await on.api('GET', at)).body).toMatchObject({ state: 'ready', problems: [], task: null })
  const explained = await on.api('GET', `${at}/explain`)
  expect(explained.body.waiting).toEqual([])
  const again = await on.api('POST', `/v1/tasks/${answer.body.id}/retry`, undefined, { prefer: 'wait=20' })
  expect(again.status, JSON.stringify(again.body)).toBe(202)
  expect(again.body).toMatchObject({ operation: 'break', state: 'failed' })
  expect(again.body.id).not.toBe(answer.body.id)
  expect(await on.api('POST', `/v1/tasks/${key}/retry`)).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
  expect(await on.api('POST', `/v1/tasks/${key}/cancel`)).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
})

test('while one runs alone explain says so, no other begins, and it is cancelled without holding the platform', async () => {
  const { body } = await on.api('POST', `${at}/operations`, { operation: 'alone' })
  const stateOf = async () => (await on.api('GET', `/v1/tasks/${body.id}`)).body.state
  await expect.poll(stateOf, { timeout: 5_000 }).toBe('running')
  const explained = await on.api('GET', `${at}/explain`)
  expect(explained.body.next[0]).toBe(
    `Operation alone runs alone; repair and change wait for it:  gantry task watch ${body.id}`,
  )
  expect(await on.api('POST', `${at}/operations`, { operation: 'key' })).toMatchObject({
    status: 409,
    body: { code: 'conflict', facts: { operation: 'alone', task: body.id } },
  })
  expect((await on.api('POST', `/v1/tasks/${body.id}/cancel`)).body.state).toBe('cancelled')
  expect((await on.api('GET', at)).body.state).toBe('ready')
  const again = await on.api('POST', `${at}/operations`, { operation: 'key' }, { prefer: 'wait=20' })
  expect(again.body.state).toBe('done')
})

test('what cannot be run is refused with what could', async () => {
  const asked = (body: unknown, headers = {}) => on.api('POST', `${at}/operations`, body, headers)
  expect(await asked({ operation: 'kee' })).toMatchObject({
    status: 422,
    body: { code: 'unknown_operation', next: 'Did you mean key?', facts: { operations: ['key', 'break', 'alone'] } },
  })
  expect(await asked({ operation: 'key', parameters: { size: 1 } })).toMatchObject({
    status: 422,
    body: { code: 'unknown_parameter', errors: [{ pointer: '/parameters/size' }] },
  })
  expect(await asked({ operation: 'key', parameters: { length: 99 } })).toMatchObject({
    status: 422,
    body: { code: 'invalid_parameter' },
  })
  expect(await asked({ operation: 'key' }, { 'if-match': '"0"' })).toMatchObject({ status: 412 })
})

test('the tasks of a platform that is gone are still there, with what they were asked for', async () => {
  await on.api('DELETE', at, undefined, { prefer: 'wait=20' })
  expect(await on.api('POST', `${at}/operations`, { operation: 'key' })).toMatchObject({
    status: 409,
    body: { code: 'wrong_state' },
  })
  const kept = await on.api('GET', `/v1/tasks/${key}`)
  expect(kept.body).toMatchObject({ operation: 'key', state: 'done', parameters: { length: 9 }, steps: [] })
})
