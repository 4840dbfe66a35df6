// Every endpoint there is, called as nobody and with tokens that are none: the list is the value the server itself is
// made of, so that a new endpoint is in the sweep before anybody thinks of it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newToken, policy, roles } from '../../src/access/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import { realSeams } from '../../src/kernel/real-seams.ts'
import { endpoints } from '../../src/resources/api.ts'
import { clientOf } from './support/client.ts'
import { type TestGantry, testGantry } from './support/gantry.ts'

let on: TestGantry
beforeAll(async () => {
  on = await testGantry({ blueprints: null })
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

const seams = realSeams()
const idOf: Record<string, string> = {
  tenant: newId('tenant', seams),
  project: newId('project', seams),
  ticket: newId('ticket', seams),
  platform: newId('platform', seams),
  machine: newId('machine', seams),
  task: newId('task', seams),
  receipt: newId('receipt', seams),
  provider: newId('provider', seams),
}
const pathOf = (path: string) => path.replaceAll(/\{(\w+)\}/g, (_, name: string) => idOf[name] ?? 'none')

const publicEndpoints = endpoints.filter((endpoint) => endpoint.permission === 'public')
const guarded = endpoints.filter((endpoint) => endpoint.permission !== 'public')

test('only health and the words of problems are public', () => {
  expect(publicEndpoints.map((endpoint) => endpoint.path)).toEqual([
    '/healthz',
    '/readyz',
    '/problems',
    '/problems/{code}',
  ])
})

describe.each(guarded.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint] as const))(
  '%s',
  (_, endpoint) => {
    const call = (token: string | undefined) =>
      clientOf(() => on.gantry.url, token)(
        endpoint.method.toUpperCase(),
        pathOf(endpoint.path),
        endpoint.body ? {} : undefined,
      )

    test('is closed to nobody, to what is no token, and to a token that is unknown', async () => {
      for (const token of [
        undefined,
        'letmein',
        'gnt_00000000000000000000000000000000aaaaaaa',
        newToken(seams.random),
      ]) {
        const answer = await call(token)
        expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
        expect(answer.headers.get('www-authenticate')).toContain('Bearer')
        expect(answer.body.next).toMatch(/token/i)
      }
    })

    test('has a permission of the policy table, which some role carries', () => {
      const permission = endpoint.permission
      expect(permission === 'public' ? [] : policy[permission]).toContain('installation-admin')
    })
  },
)

test('what does not exist is 404 for every endpoint that names something', async () => {
  for (const endpoint of guarded.filter((each) => Object.keys(each.params.shape).length > 0)) {
    const body = endpoint.body ? { name: 'x' } : undefined
    const answer = await on.api(endpoint.method.toUpperCase(), pathOf(endpoint.path), body)
    expect([404, 422], `${endpoint.operationId} ${answer.status}`).toContain(answer.status)
    // Who named it wrongly is told so before what is wrong with what they sent, wherever a scope is asked for.
    if (!endpoint.path.startsWith('/v1/providers')) expect(answer.status, endpoint.operationId).toBe(404)
  }
})

test('a revoked token is refused from the next request on', async () => {
  const token = newToken(seams.random)
  const { tokenHash } = await import('../../src/access/token.ts')
  const id = newId('token', seams)
  const row = { id, name: 'ci', hash: tokenHash(token), role: 'viewer', created_at: 0, revoked_at: null }
  await on.gantry.rooms.store.write((tx) => tx.insertInto('tokens').values(row).execute())
  const api = clientOf(() => on.gantry.url, token)
  expect((await api('GET', '/v1/tenants')).status).toBe(200)
  expect(await api('POST', '/v1/tenants', { name: 'x' })).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  await on.gantry.rooms.store.write((tx) =>
    tx.updateTable('tokens').set({ revoked_at: 1 }).where('id', '=', id).execute(),
  )
  expect((await api('GET', '/v1/tenants')).status).toBe(401)
})

test('the admin token is kept as a hash only and is printed at the first start only', async () => {
  const rows = await on.gantry.rooms.store.read.selectFrom('tokens').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain(on.token)
  expect(on.token).toMatch(/^gnt_[0-9a-z]{39}$/)
  expect((await on.restart()).adminToken).toBeUndefined()
  expect((await on.api('GET', '/v1/version')).status).toBe(200)
})

test('every role of the design is in the table', () => {
  const carried = new Set(Object.values(policy).flat())
  expect([...carried].sort()).toEqual([...roles].sort())
})
