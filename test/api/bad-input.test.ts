// What is wrong answers with its own problem code, says what to do, and changes nothing: the rows are counted.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Client } from './support/client.ts'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { rightPassword } from './support/memory-kind.ts'
import { type Begun, begin, plenty, providerWish } from './support/story.ts'

let on: TestGantry
let begun: Begun
beforeAll(async () => {
  on = await testGantry()
  begun = await begin(on.api, { ...plenty, 'vm.count': 6 })
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const tables = [
  'tenants',
  'projects',
  'tickets',
  'ticket_limits',
  'shares',
  'reservations',
  'providers',
  'hosts',
  'blueprints',
  'platforms',
  'members',
  'machines',
  'runs',
  'tasks',
  'secrets',
  'events',
  'idempotency',
] as const

async function everything(): Promise<string> {
  const counts: string[] = []
  for (const table of tables) {
    const rows = await on.gantry.rooms.store.read.selectFrom(table).selectAll().execute()
    counts.push(`${table} ${rows.length}`)
  }
  const limits = await on.gantry.rooms.store.read.selectFrom('ticket_limits').select(['key', 'used']).execute()
  const hosts = await on.gantry.rooms.store.read.selectFrom('hosts').select(['name', 'reserved_cpu']).execute()
  return [...counts, JSON.stringify(limits), JSON.stringify(hosts)].join('\n')
}

const position = (...parts: readonly string[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')

interface Case {
  readonly what: string
  readonly code: string
  readonly status: number
  readonly says: RegExp
  readonly call: (api: Client) => ReturnType<Client>
}

const ask = (wish: object) => (api: Client) =>
  api(
    'POST',
    `/v1/projects/${begun.project}/platforms`,
    { name: 'team-a', blueprint: 'swarm', ...wish },
    { 'idempotency-key': 'k' },
  )
const register = (wish: object) => (api: Client) =>
  api('POST', '/v1/providers', { ...providerWish, name: 'dc2', ...wish })
const upload = (yaml: string) => (api: Client) => api('POST', '/v1/blueprints', { files: { 'blueprint.yaml': yaml } })

const cases: readonly Case[] = [
  {
    what: 'a malformed blueprint',
    code: 'invalid_blueprint',
    status: 422,
    says: /blueprint\.yaml:\d+:\d+/,
    call: upload('name: Bad Name\nversion: 1.0.0\ngroups: {}\nstepz: {}\n'),
  },
  {
    what: 'a blueprint that is no YAML',
    code: 'invalid_blueprint',
    status: 422,
    says: /blueprint\.yaml:\d+:\d+/,
    call: upload('name: [unclosed\n'),
  },
  {
    what: 'other content under the name and version of a blueprint',
    code: 'name_taken',
    status: 409,
    says: /machines 1\.0\.0/,
    call: upload('name: machines\nversion: 1.0.0\ngroups: { vm: { count: 1, flavor: small, image: debian-12 } }\n'),
  },
  {
    what: 'an unknown parameter',
    code: 'unknown_parameter',
    status: 422,
    says: /wrokers.*Did you mean workers/,
    call: ask({ parameters: { wrokers: 2 } }),
  },
  {
    what: 'a parameter of the wrong value',
    code: 'invalid_parameter',
    status: 422,
    says: /managers: 2 is none of/,
    call: ask({ parameters: { managers: 2 } }),
  },
  {
    what: 'a flavor that does not exist',
    code: 'invalid_parameter',
    status: 422,
    says: /no flavor huge/,
    call: ask({ parameters: { flavor: 'huge' } }),
  },
  {
    what: 'a blueprint that does not exist',
    code: 'not_found',
    status: 404,
    says: /no blueprint swam/,
    call: ask({ blueprint: 'swam' }),
  },
  {
    what: 'a quota too small',
    code: 'quota_exceeded',
    status: 409,
    says: /vm\.count: 8 wanted, 6 left in ticket gold/,
    call: ask({ parameters: { managers: 3, workers: 5, flavor: 'small' } }),
  },
  {
    what: 'a capacity too small',
    code: 'no_capacity',
    status: 409,
    says: /manager-\d.* found no host/,
    call: ask({ parameters: { managers: 5, workers: 0, managerSpread: 'must' } }),
  },
  {
    what: 'an unreachable provider',
    code: 'provider_unreachable',
    status: 409,
    says: /dc2 cannot be reached.*ECONNREFUSED/,
    call: register({ config: { password: rightPassword, url: 'memory://down' } }),
  },
  {
    what: 'wrong credentials',
    code: 'provider_denied',
    status: 409,
    says: /dc2 refused the login.*wrong password/,
    call: register({ config: { password: 'guessed-password' } }),
  },
  {
    what: 'a kind that is not there',
    code: 'invalid_request',
    status: 422,
    says: /no provider kind memoyr, did you mean memory/,
    call: register({ kind: 'memoyr' }),
  },
  {
    what: 'a field that the kind does not know',
    code: 'invalid_request',
    status: 422,
    says: /\/config\/pasword: unknown field, did you mean password/,
    call: register({ config: { pasword: rightPassword } }),
  },
  {
    what: 'a reference to a secret of somebody else',
    code: 'invalid_request',
    status: 422,
    says: /\/config\/password/,
    call: register({ config: { password: { $secret: 'sec_00000000000000000000000000@1' } } }),
  },
  {
    what: 'a provider name that is taken',
    code: 'name_taken',
    status: 409,
    says: /already a provider called dc1/,
    call: register({ name: 'dc1' }),
  },
  {
    what: 'a tenant name that is taken',
    code: 'name_taken',
    status: 409,
    says: /already a tenant called shop/,
    call: (api) => api('POST', '/v1/tenants', { name: 'shop' }),
  },
  {
    what: 'a misspelt quota key',
    code: 'invalid_request',
    status: 422,
    says: /\/limits\/vm\.cuont: unknown quota key, did you mean vm\.count/,
    call: (api) => api('POST', `/v1/tenants/${begun.tenant}/tickets`, { name: 't', limits: { 'vm.cuont': 3 } }),
  },
  {
    what: 'shares larger than their ticket',
    code: 'quota_exceeded',
    status: 409,
    says: /vm\.count: a share of 7 wanted, 6 left/,
    call: (api) =>
      api('PUT', `/v1/projects/${begun.project}/shares/${begun.ticket}`, { limits: { ...plenty, 'vm.count': 7 } }),
  },
  {
    what: 'an unknown field',
    code: 'invalid_request',
    status: 422,
    says: /\/delationProtection: unknown field, did you mean deletionProtection/,
    call: ask({ delationProtection: true }),
  },
  {
    what: 'an unknown query parameter',
    code: 'invalid_request',
    status: 422,
    says: /\/query\/nmae: unknown field, did you mean name/,
    call: (api) => api('GET', '/v1/platforms?nmae=x'),
  },
  {
    what: 'a name that is no DNS label',
    code: 'invalid_request',
    status: 422,
    says: /\/name: must be a DNS label/,
    call: (api) => api('POST', '/v1/tenants', { name: 'Team A' }),
  },
  {
    what: 'a cursor of another list',
    code: 'invalid_request',
    status: 422,
    says: /not a cursor of this list/,
    call: (api) => api('GET', `/v1/platforms?cursor=${position('createdAt', begun.tenant, 'shop')}`),
  },
  {
    what: 'a cursor of the same list in another order',
    code: 'invalid_request',
    status: 422,
    says: /not a cursor of this list in this order/,
    call: (api) => api('GET', `/v1/tenants?sort=-name&cursor=${position('createdAt', begun.tenant, 'shop')}`),
  },
  {
    what: 'a field that no object can keep',
    code: 'invalid_request',
    status: 422,
    says: /\/labels\/__proto__: is no name a field can have/,
    call: (api) => api('POST', '/v1/tenants', { name: 't', labels: JSON.parse('{"__proto__":"x"}') }),
  },
  {
    what: 'text that no database can keep',
    code: 'invalid_request',
    status: 422,
    says: /\/labels\/a: holds a NUL character/,
    call: (api) => api('POST', '/v1/tenants', { name: 't', labels: { a: 'x\0y' } }),
  },
  {
    what: 'a query that no database can answer',
    code: 'invalid_request',
    status: 422,
    says: /\/query\/name: holds a NUL character/,
    call: (api) => api('GET', '/v1/tenants?name=%00'),
  },
  {
    what: 'an id that no database can look for',
    code: 'not_found',
    status: 404,
    says: /nothing at/,
    call: (api) => api('GET', '/v1/blueprints/%00'),
  },
  {
    what: 'a share of a ticket that does not exist, though it asks for nothing of it',
    code: 'not_found',
    status: 404,
    says: /no ticket tkt_0+ in the tenant/,
    call: (api) => api('PUT', `/v1/projects/${begun.project}/shares/tkt_${'0'.repeat(26)}`, { limits: {} }),
  },
  {
    what: 'a cursor that is none of ours',
    code: 'invalid_request',
    status: 422,
    says: /not a cursor/,
    call: (api) => api('GET', '/v1/machines?cursor=WyJwbHRfeCJd'),
  },
]

describe.each(cases.map((each) => [each.what, each] as const))('%s', (_, { code, status, says, call }) => {
  test(`answers ${code}, says what to do, and changes nothing`, async () => {
    const before = await everything()
    const answer = await call(on.api)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status, body: { code, status } })
    expect(answer.body.detail + JSON.stringify(answer.body.errors ?? [])).toMatch(says)
    expect(answer.body.next).toMatch(/\w+/)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await everything()).toBe(before)
  })
})

test('a refusal says which parameter, changed by itself, would be admitted', async () => {
  const spread = await ask({ parameters: { managers: 5, workers: 0 } })(on.api)
  expect(spread.body).toMatchObject({
    code: 'no_capacity',
    facts: { wouldFitWith: ['managers=3', 'managerSpread=should'] },
    next: 'It would fit with managers=3, or with managerSpread=should; or ask an infra-admin for capacity.',
  })
  const fewer = await ask({ parameters: { managers: 3, workers: 5, flavor: 'small' } })(on.api)
  expect(fewer.body).toMatchObject({ code: 'quota_exceeded', facts: { wouldFitWith: ['managers=1', 'workers=3'] } })
  expect(fewer.body.next).toContain('it would fit with managers=1, or with workers=3.')
})

test('a refusal for want of capacity says for each host why not', async () => {
  const answer = await ask({ parameters: { managers: 5, workers: 0, managerSpread: 'must' } })(on.api)
  expect(answer.body.facts.hosts).toHaveLength(3)
  for (const host of answer.body.facts.hosts) expect(host).toMatch(/^host-\d: /)
})

test('a dry run is refused as the request itself would be', async () => {
  const path = `/v1/projects/${begun.project}/platforms?dryRun=true`
  const wish = { name: 'team-a', blueprint: 'swarm', parameters: { managers: 3, workers: 5, flavor: 'small' } }
  expect(await on.api('POST', path, wish)).toMatchObject({ status: 409, body: { code: 'quota_exceeded' } })
})

test('a dry run answers plan, places and quota, and changes nothing', async () => {
  const before = await everything()
  const path = `/v1/projects/${begun.project}/platforms?dryRun=true`
  const wish = { name: 'team-a', blueprint: 'swarm', parameters: { managers: 3, workers: 1 } }
  const { status, body } = await on.api('POST', path, wish)
  expect(status, JSON.stringify(body)).toBe(200)
  expect(body.plan.members.map((member: { name: string }) => member.name)).toEqual([
    'manager-0',
    'manager-1',
    'manager-2',
    'worker-0',
  ])
  expect(new Set(body.plan.members.slice(0, 3).map((member: { host: string }) => member.host)).size).toBe(3)
  for (const member of body.plan.members) expect(member.why).toMatch(/\w/)
  expect(body.quote.machines).toBe(4)
  expect(body.quote.quota['vm.count']).toMatchObject({ wanted: 4, left: 6, ticketName: 'gold' })
  expect(body.plan.steps.length).toBeGreaterThan(8)
  expect(body.parameters).toMatchObject({ managers: 3, workers: 1 })
  expect(await everything()).toBe(before)
})
