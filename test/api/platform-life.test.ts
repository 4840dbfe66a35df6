import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
let platform: string

beforeAll(async () => {
  on = await testGantry()
  begun = await begin(on.api)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

test('a platform is asked for, waited for, and its task tells every step with its time', async () => {
  const wish = { name: 'team-a', blueprint: 'machines', parameters: {}, labels: { team: 'a' } }
  const answer = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  expect(answer.status, JSON.stringify(answer.body)).toBe(202)
  expect(answer.headers.get('location')).toBe(`/v1/tasks/${answer.body.id}`)
  expect(answer.headers.get('preference-applied')).toBe('wait=60')
  expect(answer.body, JSON.stringify(on.logged)).toMatchObject({
    kind: 'platform.create',
    state: 'done',
    problem: null,
  })
  expect(answer.body.progress.done).toBe(answer.body.progress.total)
  expect(answer.body.progress.total).toBeGreaterThan(0)
  for (const step of answer.body.steps) expect(step).toMatchObject({ state: 'done', seconds: expect.any(Number) })
  platform = answer.body.target.id
})

test('a ready platform shows its groups, members, addresses and what is used of the quota', async () => {
  const { status, body, headers } = await on.api('GET', `/v1/platforms/${platform}`)
  expect(status).toBe(200)
  expect(headers.get('etag')).toMatch(/^"\d+"$/)
  expect(body).toMatchObject({ name: 'team-a', state: 'ready', simulated: true, task: null, labels: { team: 'a' } })
  const [group] = body.groups
  expect(group.ready).toBe(group.wanted)
  expect(group.members[0]).toMatchObject({ state: 'in', machineState: 'ready', providerName: 'dc1', incarnation: 1 })
  expect(group.members[0].address).toMatch(/^[0-9.]+$/)
  const ticket = await on.api('GET', `/v1/tickets/${begun.ticket}`)
  expect(ticket.body.limits['vm.count'].used).toBe(body.machines.wanted)
  expect(ticket.body.shares[0].limits['platform.count']).toMatchObject({ used: 1, limit: 10, left: 9 })
})

test('it is found by name, label, state and blueprint, and by nothing that is not its own', async () => {
  const found = async (query: string) => (await on.api('GET', `/v1/platforms?${query}`)).body.items.length
  expect(await found('name=team-a')).toBe(1)
  expect(await found('label=team%3Da')).toBe(1)
  expect(await found('state=ready&blueprint=machines')).toBe(1)
  expect(await found('label=team%3Db')).toBe(0)
  expect(await found('name=team-b')).toBe(0)
  expect(await found('state=deleted')).toBe(0)
})

test('its machines are listed and shown, and whoever may see secrets learns how to log in', async () => {
  const { body } = await on.api('GET', `/v1/machines?platform=${platform}`)
  expect(body.items.length).toBeGreaterThan(0)
  const [machine] = body.items
  expect(machine).toMatchObject({ state: 'ready', platformName: 'team-a', providerName: 'dc1', simulated: true })
  const ssh = await on.api('GET', `/v1/machines/${machine.id}/ssh`)
  expect(ssh.body).toMatchObject({ user: 'root', hostKey: machine.hostKey, machine: machine.id })
  expect(ssh.body.privateKey).toContain('PRIVATE KEY')
  expect(ssh.body.knownHosts).toContain(machine.hostKey.split(' ')[1])
  const all = await on.api('GET', `/v1/platforms/${platform}/ssh`)
  expect(all.body.privateKey).toBe(ssh.body.privateKey)
  expect(all.body.machines).toHaveLength(body.items.length)
  const named = await on.api('GET', `/v1/machines?platform=${platform}&name=${machine.member}`)
  expect(named.body.items.map((item: { id: string }) => item.id)).toEqual([machine.id])
})

test('history tells every transition with cause and actor', async () => {
  const { body } = await on.api('GET', `/v1/platforms/${platform}/history`)
  expect(body.items.map((item: { to: string | null }) => item.to)).toEqual(['pending', 'building', 'ready'])
  for (const item of body.items) expect(item.actor).not.toBe('')
  const machines = await on.api('GET', `/v1/machines?platform=${platform}`)
  const history = await on.api('GET', `/v1/machines/${machines.body.items[0].id}/history`)
  expect(history.body.items.at(-1)).toMatchObject({ kind: 'machine.state', to: 'ready' })
})

test('explain says that nothing is left to do', async () => {
  const { body } = await on.api('GET', `/v1/platforms/${platform}/explain`)
  expect(body).toMatchObject({ state: 'ready', waiting: [], problems: [], next: [] })
  expect(body.summary).toMatch(/^team-a is ready since .*nothing is left to do\.$/)
})

test('events are paged by cursor and followed as a stream that goes on where it was left', async () => {
  const first = await on.api('GET', `/v1/events?platform=${platform}&limit=3`)
  expect(first.body.items).toHaveLength(3)
  expect(first.body.more).toBe(true)
  const second = await on.api('GET', `/v1/events?platform=${platform}&limit=3&after=${first.body.next}`)
  expect(second.body.items[0].id).toBeGreaterThan(first.body.items[2].id)

  const stop = new AbortController()
  const response = await on.api.raw(`/v1/platforms/${platform}/events`, {
    headers: { accept: 'text/event-stream', 'last-event-id': String(first.body.items[2].id) },
    signal: stop.signal,
  })
  expect(response.headers.get('content-type')).toContain('text/event-stream')
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (/^id: /m.test(text) && text.endsWith('\n\n')) break
  }
  stop.abort()
  expect(Number(/^id: (\d+)$/m.exec(text)?.[1])).toBe(second.body.items[0].id)
  expect(/^event: (\S+)$/m.exec(text)?.[1]).toBe(second.body.items[0].kind)
})

test('a label, the name and the protection change under If-Match; parameters are refused with what to do', async () => {
  const before = await on.api('GET', `/v1/platforms/${platform}`)
  const etag = before.headers.get('etag') ?? ''
  const path = `/v1/platforms/${platform}`
  const changed = await on.api('PATCH', path, { labels: { team: 'b' }, deletionProtection: true }, { 'if-match': etag })
  expect(changed.body).toMatchObject({ labels: { team: 'b' }, deletionProtection: true })
  const late = await on.api('PATCH', path, { labels: {} }, { 'if-match': etag })
  expect(late).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
  const wish = await on.api('PATCH', path, { parameters: { cuont: 9 } })
  expect(wish).toMatchObject({ status: 422, body: { code: 'unknown_parameter' } })
})

test('a protected platform is not deleted, a provider with machines is not forgotten, a full project stays', async () => {
  const refused = await on.api('DELETE', `/v1/platforms/${platform}`)
  expect(refused).toMatchObject({ status: 409, body: { code: 'protected' } })
  const provider = await on.api('DELETE', `/v1/providers/${begun.provider}`)
  expect(provider).toMatchObject({ status: 409, body: { code: 'in_use', facts: { usedBy: ['platform team-a'] } } })
  const project = await on.api('DELETE', `/v1/projects/${begun.project}`)
  expect(project).toMatchObject({ status: 409, body: { code: 'in_use', facts: { usedBy: ['platform team-a'] } } })
  const tenant = await on.api('DELETE', `/v1/tenants/${begun.tenant}`)
  expect(tenant).toMatchObject({ status: 409, body: { code: 'in_use' } })
  const share = await on.api('DELETE', `/v1/projects/${begun.project}/shares/${begun.ticket}`)
  expect(share).toMatchObject({ status: 409, body: { code: 'in_use' } })
  const lower = await on.api('PATCH', `/v1/tickets/${begun.ticket}`, { limits: { 'vm.count': 0 } })
  expect(lower).toMatchObject({ status: 409, body: { code: 'conflict' } })
})

test('a platform survives a restart of its Gantry', async () => {
  await on.restart()
  const { body } = await on.api('GET', `/v1/platforms/${platform}`)
  expect(body).toMatchObject({ state: 'ready', name: 'team-a' })
})

test('deleting ends with a receipt, and afterwards quota and hosts are free and the history is still there', async () => {
  await on.api('PATCH', `/v1/platforms/${platform}`, { deletionProtection: false })
  const answer = await on.api('DELETE', `/v1/platforms/${platform}`, undefined, { prefer: 'wait=60' })
  expect(answer.status).toBe(202)
  expect(answer.body, JSON.stringify(on.logged)).toMatchObject({ kind: 'platform.delete', state: 'done' })
  const receipt = await on.api('GET', `/v1/receipts/${answer.body.receipt}`)
  expect(receipt.body).toMatchObject({ state: 'complete', platformName: 'team-a' })
  expect(receipt.body.objects.length).toBeGreaterThan(0)
  for (const object of receipt.body.objects) expect(object.proof).toBe('absentByConsistentLookup')

  const again = await on.api('DELETE', `/v1/platforms/${platform}`)
  expect(again).toMatchObject({ status: 202, body: { id: answer.body.id, state: 'done' } })
  const shown = await on.api('GET', `/v1/platforms/${platform}`)
  expect(shown.body).toMatchObject({ state: 'deleted', receipt: receipt.body.id })
  const history = await on.api('GET', `/v1/platforms/${platform}/history`)
  expect(history.body.items.at(-1)).toMatchObject({ from: 'deleting', to: 'deleted' })
  expect((await on.api('GET', '/v1/platforms')).body.items).toEqual([])
  expect((await on.api('GET', '/v1/platforms?state=deleted')).body.items).toHaveLength(1)

  const ticket = await on.api('GET', `/v1/tickets/${begun.ticket}`)
  for (const limit of Object.values<{ used: number }>(ticket.body.limits)) expect(limit.used).toBe(0)
  const hosts = await on.api('GET', '/v1/hosts')
  for (const host of hosts.body.items) expect(host).toMatchObject({ machines: 0, reserved: { cpu: 0 } })
  const machines = await on.api('GET', '/v1/machines?state=deleted')
  expect(machines.body.items.length).toBeGreaterThan(0)
  const gone = await on.api('GET', `/v1/machines/${machines.body.items[0].id}/ssh`)
  expect(gone).toMatchObject({ status: 409, body: { code: 'wrong_state' } })
})

test('what is empty is deleted, from the inside out', async () => {
  for (const path of [`/v1/projects/${begun.project}`, `/v1/tickets/${begun.ticket}`, `/v1/tenants/${begun.tenant}`]) {
    expect((await on.api('DELETE', path)).status).toBe(204)
    expect((await on.api('GET', path)).status).toBe(404)
  }
  expect((await on.api('DELETE', `/v1/providers/${begun.provider}`)).status).toBe(204)
})
