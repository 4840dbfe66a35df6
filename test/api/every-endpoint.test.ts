// One story in which every endpoint there is succeeds at least once: a new one without a line here fails the last test.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openProblem } from '../../src/care/index.ts'
import { endpoints } from '../../src/resources/api.ts'
import { beginReportOnly } from '../../src/resources/backups/index.ts'
import type { Answer } from './support/client.ts'
import { succeeded } from './support/conform.ts'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld, upUrl } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
const world = quickWorld()
beforeAll(async () => {
  on = await testGantry({ world })
  begun = await begin(on.api)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

async function good(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
  const answer = await on.api(method, path, body, headers)
  expect(answer.status, `${method} ${path} ${JSON.stringify(answer.body)} ${on.logged.at(-1)}`).toBeLessThan(300)
  return answer
}

const blueprint = `
name: hello
version: 1.0.0
groups:
  vm: { count: 1, flavor: small, image: debian-12 }
steps:
  greet: { on: founder(vm), once: true, run: scripts/greet.sh, outputs: { password: secret, motto: plain } }
operations:
  ask:
    parameters: { word: { type: string, default: please } }
    steps:
      ask: { on: any-healthy(vm), run: scripts/ask.sh, using: { word: { param: word } }, outputs: { said: plain, key: secret } }
    outputs:
      said: { from: ask.said }
      key: { from: ask.key }
outputs:
  motto: { from: vm.address }
  password: { from: greet.password }
`
const script = `echo hello from $GANTRY_MEMBER
echo password=hunter2-hunter2 >> "$GANTRY_OUTPUT"
echo motto=onwards >> "$GANTRY_OUTPUT"
`

const ask = `echo "said=$WORD" >> "$GANTRY_OUTPUT"; echo "key=swordfish-of-old" >> "$GANTRY_OUTPUT"`

test('tenants, projects and tickets are made, listed, shown and changed', async () => {
  const { tenant, project, ticket } = begun
  await good('GET', '/v1/tenants')
  await good('GET', `/v1/tenants/${tenant}`)
  await good('PATCH', `/v1/tenants/${tenant}`, { name: 'shop-2' })
  await good('GET', '/v1/projects')
  await good('GET', `/v1/projects/${project}`)
  await good('PATCH', `/v1/projects/${project}`, { labels: { env: 'prod' } })
  await good('GET', `/v1/tenants/${tenant}/tickets`)
  await good('GET', `/v1/tickets/${ticket}`)
  const raised = await good('PATCH', `/v1/tickets/${ticket}`, { limits: { 'vm.count': 'unlimited' } })
  expect(raised.body.limits['vm.count']).toEqual({ limit: 'unlimited', used: 0, left: 'unlimited' })
})

test('what machines are made of is listed and shown', async () => {
  await good('GET', '/v1/flavors')
  expect((await good('GET', '/v1/flavors/small')).body.cost).toMatchObject({ 'vm.count': 1, 'vm.cpu': 1 })
  await good('GET', '/v1/images')
  await good('GET', '/v1/images/debian-12')
  await good('GET', '/v1/zones')
  await good('GET', '/v1/hosts')
  await good('GET', '/v1/provider-kinds')
  await good('GET', '/v1/providers')
  await good('GET', `/v1/providers/${begun.provider}`)
  await good('GET', `/v1/providers/${begun.provider}/weather`)
  await good('GET', `/v1/providers/${begun.provider}/problems`)
  const maintenance = `/v1/providers/${begun.provider}/hosts/host-1/maintenance`
  await good('POST', maintenance, { reason: 'new memory', deadline: null })
  await good('GET', maintenance)
  await good('DELETE', maintenance)
  await good('PATCH', `/v1/providers/${begun.provider}`, { labels: { a: 'b' } })
})

test('blueprints are uploaded, once, listed and shown', async () => {
  const files = { 'blueprint.yaml': blueprint, 'scripts/greet.sh': script, 'scripts/ask.sh': ask }
  const first = await good('POST', '/v1/blueprints', { files })
  expect(first.status).toBe(201)
  expect((await good('POST', '/v1/blueprints', { files })).status).toBe(200)
  const list = await good('GET', '/v1/blueprints')
  expect(list.body.items.map((item: { name: string }) => item.name)).toContain('swarm')
  const page = await good('GET', '/v1/blueprints?limit=1')
  expect((await good('GET', `/v1/blueprints?limit=1&cursor=${page.body.next}`)).body.items[0].name).not.toBe(
    page.body.items[0].name,
  )
  const shown = await good('GET', '/v1/blueprints/hello')
  expect(shown.body).toMatchObject({ name: 'hello', version: '1.0.0', files, outputs: ['motto', 'password'] })
  expect(shown.body.operations).toMatchObject([{ name: 'ask', mode: 'shared', description: null }])
  expect(shown.body.operations[0].parameters.properties).toHaveProperty('word')
  await good('GET', `/v1/blueprints/${first.body.digest}`)
})

test('a platform is made, looked into from every side, and deleted', async () => {
  const { project } = begun
  const wish = { name: 'hello', blueprint: 'hello@1.0.0' }
  const task = await good('POST', `/v1/projects/${project}/platforms`, wish, { prefer: 'wait=60' })
  expect(task.body, JSON.stringify([task.body.steps, on.logged])).toMatchObject({ state: 'done' })
  const at = `/v1/platforms/${task.body.target.id}`
  await good('GET', '/v1/platforms')
  await good('GET', `/v1/projects/${project}/platforms`)
  const shown = await good('GET', at)
  expect(shown.body.outputs.password).toEqual({ secret: true, href: `${at}/outputs/password` })
  expect((await good('GET', `${at}/outputs/password`)).body).toMatchObject({ secret: true, value: 'hunter2-hunter2' })
  expect((await good('GET', `${at}/outputs/motto`)).body.secret).toBe(false)
  expect((await on.api('GET', `${at}/outputs/none`)).status).toBe(404)
  await good('PATCH', at, { labels: { x: 'y' } })
  await good('GET', `${at}/explain`)
  await good('GET', `${at}/history`)
  const { store, seams } = on.gantry.rooms
  const row = await store.read
    .selectFrom('platforms')
    .selectAll()
    .where('id', '=', task.body.target.id)
    .executeTakeFirstOrThrow()
  const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
  const problem = { subject: 'vm-0@1', machineId: null, code: 'member_unhealthy', detail: 'It is slow.' } as const
  await store.write((tx) => openProblem(tx, seams, place, { ...problem, resolutions: ['ignore'] }))
  const [told] = (await good('GET', `${at}/problems`)).body.items
  const refused = await on.api('POST', `${at}/problems/${told.id}/resolve`, { resolution: 'retry' })
  expect(refused).toMatchObject({ status: 409, body: { code: 'wrong_state', next: 'Choose one of ignore.' } })
  const ignored = await good('POST', `${at}/problems/${told.id}/resolve`, { resolution: 'ignore' })
  expect(ignored.body).toMatchObject({ id: told.id, resolution: 'ignore', resolvedAt: expect.any(String) })
  expect((await good('GET', `${at}/problems`)).body.items).toEqual([])
  await good('GET', `${at}/events`)
  await good('GET', `${at}/ssh`)
  expect((await good('GET', `${at}/revisions`)).body.items).toMatchObject([
    { number: 1, kind: 'create', current: true },
  ])
  const renewal = await good('POST', `${at}/renew?dryRun=true`)
  expect(renewal.body).toMatchObject({
    waves: [['vm-0@1']],
    members: [{ member: 'vm-0@1', what: 'replaced', wave: 1 }],
  })
  await good('POST', `${at}/rollback?dryRun=true`, { revision: 1 })
  const steps = await good('GET', `${at}/steps`)
  expect(steps.body.items.map((step: { name: string }) => step.name)).toEqual(['machine', 'ssh', 'greet'])
  const logs = await good('GET', `${at}/logs?step=greet&machine=vm-0`)
  expect(logs.body.items[0]).toMatchObject({ name: 'greet', member: 'vm-0@1', outcome: 'done', exitCode: 0, number: 1 })
  expect(logs.body.items[0].text).toContain('hello from vm-0')
  const { attempt, next } = logs.body.items[0]
  const rest = await good('GET', `${at}/logs?attempt=${attempt}&after=${next}`, undefined, { prefer: 'wait=5' })
  expect(rest.body.items[0].text).toBe('')
  expect((await good('GET', `${at}/logs?step=other`)).body.items).toEqual([])
  const asked = await good('POST', `${at}/operations`, { operation: 'ask' }, { prefer: 'wait=20' })
  expect(asked.body).toMatchObject({ kind: 'platform.operation', operation: 'ask', state: 'done' })
  expect((await good('GET', `/v1/tasks/${asked.body.id}/outputs/key`)).body.value).toBe('swordfish-of-old')
  await good('GET', '/v1/tasks')
  await good('GET', `/v1/tasks/${task.body.id}/journal`)
  await good('GET', `/v1/tasks/${task.body.id}`)
  const machines = await good('GET', '/v1/machines')
  const machine = `/v1/machines/${machines.body.items[0].id}`
  await good('GET', machine)
  await good('GET', `${machine}/history`)
  await good('GET', `${machine}/ssh`)
  const gone = await good('DELETE', at, undefined, { prefer: 'wait=60' })
  expect(gone.body.state).toBe('done')
  await good('GET', '/v1/receipts')
  await good('GET', `/v1/receipts/${gone.body.receipt}`)
  const events = await good('GET', '/v1/events?limit=1000')
  expect(JSON.stringify(events.body)).not.toContain('hunter2')
})

test('a platform is stopped and goes on, by each way there is', async () => {
  const wish = { name: 'stopped', blueprint: 'machines', parameters: { count: 1 } }
  // A provider in no hurry: nothing is done before it is cancelled.
  on.world.faults.slowMs = 500
  let task = (await good('POST', `/v1/projects/${begun.project}/platforms`, wish)).body
  const at = `/v1/platforms/${task.target.id}`
  on.world.faults.unreachable = true
  for (const go of ['resume', 'retry', 'task']) {
    await good('POST', `/v1/tasks/${task.id}/cancel`)
    task = (await good('POST', go === 'task' ? `/v1/tasks/${task.id}/retry` : `${at}/${go}`)).body
  }
  on.world.faults.slowMs = 0
  on.world.faults.unreachable = false
  const done = await good('GET', `/v1/tasks/${task.id}`, undefined, { prefer: 'wait=20' })
  expect(done.body).toMatchObject({ kind: 'platform.retry', state: 'done' })
  await good('POST', `${at}/pause`)
  await good('POST', `${at}/resume`, undefined, { prefer: 'wait=20' })
  for (const way of ['hibernate', 'wake']) {
    const ended = await good('POST', `${at}/${way}`, undefined, { prefer: 'wait=20' })
    expect(ended.body).toMatchObject({ kind: `platform.${way}`, state: 'done' })
  }
  const timeZone = 'Europe/Berlin'
  for (const [what, body] of [
    ['schedule', { hibernate: '0 20 * * 1-5', wake: null, timeZone }],
    ['lease', { expiresAt: '2999-01-01T00:00:00Z' }],
    ['maintenance-window', { opens: '0 2 * * 6', timeZone }],
    ['auto-upgrade', { follow: 'patch' }],
  ] as const) {
    const set = await good('PUT', `${at}/${what}`, body)
    expect((await good('GET', `${at}/${what}`)).body).toEqual(set.body)
  }
  await good('DELETE', at, undefined, { prefer: 'wait=20' })
})

test('the installation answers for itself', async () => {
  expect((await good('GET', '/healthz')).body).toEqual({ status: 'ok' })
  expect((await good('GET', '/readyz')).body.status).toBe('ok')
  expect((await good('GET', '/problems')).body.items).toContainEqual({
    code: 'quota_exceeded',
    title: 'Quota exceeded',
    status: 409,
  })
  const { type } = (await on.api('GET', '/v1/nothing')).body
  expect((await good('GET', type)).body).toMatchObject({ code: 'not_found', status: 404 })
  expect((await good('GET', '/v1/version')).body).toMatchObject({ version: '0.1.0', api: 'v1', database: 'sqlite' })
})

test('a backup is taken, and the report of a restore is read and accepted', async () => {
  expect((await on.api('GET', '/v1/backup')).status).toBe(200)
  const { store, seams } = on.gantry.rooms
  await store.write((tx) => beginReportOnly(tx, seams, { takenAt: seams.clock.now(), version: '0.1.0' }))
  const { report } = (await good('GET', '/v1/restore/report')).body
  await good('POST', '/v1/restore/accept', { report })
})

test('a platform whose provider is gone for good is let go, and what may be left is told', async () => {
  const wish = { name: 'lost', blueprint: 'machines', parameters: { count: 1 } }
  const task = await good('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  expect(task.body.state).toBe('done')
  const at = `/v1/platforms/${task.body.target.id}`
  expect(await on.api('POST', `${at}/forget`, { reason: 'too early' })).toMatchObject({
    status: 409,
    body: { code: 'wrong_state', facts: { state: 'ready' } },
  })
  world.faults.unreachable = true
  const deletion = await good('DELETE', at)
  const { body } = await good('POST', `${at}/forget`, { reason: 'its data centre is gone' })
  expect(body).toMatchObject({ reason: 'its data centre is gone', left: [{ resourceKey: expect.any(String) }] })
  const ended = await good('GET', `/v1/tasks/${deletion.body.id}`, undefined, { prefer: 'wait=60' })
  expect(ended.body.state).toBe('done')
  const receipt = await good('GET', `/v1/receipts/${ended.body.receipt}`)
  expect(receipt.body.objects.map((object: { proof: string }) => object.proof)).toEqual(['forgotten'])
  world.faults.unreachable = false
})

test('a machine that nobody can prove gone is let go by itself', async () => {
  const wish = { name: 'stuck', blueprint: 'machines', parameters: { count: 1 } }
  const task = await good('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  const at = `/v1/platforms/${task.body.target.id}`
  on.servers.set(upUrl, { world, identity: 'another' })
  const deletion = await good('DELETE', at)
  const problem = await vi.waitFor(
    async () => {
      const [first] = (await on.api('GET', `${at}/problems`)).body.items
      if (!first) throw new Error('nothing is told yet')
      return first
    },
    { timeout: 30_000, interval: 50 },
  )
  const { body } = await good('POST', `${at}/problems/${problem.id}/forget`, { reason: 'its account is closed' })
  expect(body).toMatchObject({ reason: 'its account is closed', left: [{ member: 'machine-0@1' }] })
  expect((await good('GET', `/v1/tasks/${deletion.body.id}`, undefined, { prefer: 'wait=60' })).body.state).toBe('done')
  on.servers.set(upUrl, { world, identity: 'server-a' })
})

test('all of it goes again', async () => {
  const { tenant, project, ticket, provider } = begun
  const limits = { 'vm.count': 3 }
  const less = await good('PUT', `/v1/projects/${project}/shares/${ticket}`, { limits })
  expect(less.body.shares[0].limits).toEqual({ 'vm.count': { limit: 3, used: 0, left: 3 } })
  await good('DELETE', `/v1/projects/${project}/shares/${ticket}`)
  await good('DELETE', `/v1/projects/${project}`)
  await good('DELETE', `/v1/tickets/${ticket}`)
  await good('DELETE', `/v1/tenants/${tenant}`)
  await good('DELETE', `/v1/providers/${provider}`)
})

test('no endpoint was left out', () => {
  expect(endpoints.map((endpoint) => endpoint.operationId).filter((name) => !succeeded.has(name))).toEqual([])
})
