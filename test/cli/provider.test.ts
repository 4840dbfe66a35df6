// A provider whose server came back under another identity, as an infra-admin meets it.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { typed } from './command-line.ts'
import { type Asked, type PretendServer, pretendServer } from './pretend-server.ts'

const provider = {
  id: 'prv_01k9hnvdc7f3a8w6q2x4y5z0t0',
  name: 'dc1',
  kind: 'incus',
  simulated: false,
  state: 'denied',
  stateReason: 'another server answers at its address',
  identity: 'aa/default',
  images: {},
  zones: [],
  machines: 3,
  maintenance: [],
  weather: null,
  rateLimit: null,
  prices: { currency: 'EUR', perHour: { small: '0.02' } },
  health: null,
}
const refusal = {
  code: 'conflict',
  title: 'Conflict',
  detail: 'This would lead provider dc1 to another server: bb/default answers, it is known as aa/default.',
  next: 'Repeat with --accept-identity bb/default.',
  facts: { known: 'aa/default', answers: 'bb/default' },
}

let folder: string
let server: PretendServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-provider-'))
  server = await pretendServer(({ method, path, body }: Asked) => {
    if (path === '/v1/provider-kinds') return { body: { items: [{ kind: 'incus', simulated: false, config: {} }] } }
    if (path === '/v1/providers') return { body: { items: [provider], next: null } }
    if (method === 'GET') return { body: provider }
    if (!JSON.stringify(body).includes('acceptIdentity')) return { status: 409, body: refusal }
    return { body: { ...provider, identity: 'bb/default', state: 'healthy', stateReason: null } }
  })
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

const gantry = (line: string) => typed(`--url ${server.url} --token gantry_token ${line}`, folder, {})
const sent = () => server.asked.find(({ method }) => method === 'PATCH')?.body

test('show tells who its server is and why it is not used', async () => {
  const { out } = await gantry('provider show dc1')
  expect(out).toMatch(/denied: another server answers at its address/)
  expect(out).toMatch(/identity +aa\/default/)
})

test('a change that leads to another server is refused with both identities and the way on', async () => {
  const { code, err } = await gantry('provider set dc1 --set url=https://other:8443')
  expect(code).toBe(1)
  expect(err).toContain('aa/default')
  expect(err).toContain('--accept-identity bb/default')
  expect(sent()).toEqual({ config: { url: 'https://other:8443' } })
})

test('the new identity of the same server is accepted by name', async () => {
  const { code, out } = await gantry('provider set dc1 --accept-identity bb/default')
  expect(code).toBe(0)
  expect(sent()).toEqual({ config: {}, acceptIdentity: 'bb/default' })
  expect(out).toMatch(/identity +bb\/default/)
})

test('a price is added to those there are, in their currency; another currency is another list', async () => {
  await gantry('provider set dc1 --accept-identity bb/default --price medium=0.0475')
  expect(sent()).toMatchObject({ prices: { currency: 'EUR', perHour: { small: '0.02', medium: '0.0475' } } })
  const { out } = await gantry('provider show dc1')
  expect(out).toMatch(/prices +small 0.02 EUR\/h/)
})

test.each([
  ['--price medium=0.05,USD', { currency: 'USD', perHour: { medium: '0.05' } }],
  ['--price none', null],
])('%s', async (options, prices) => {
  await gantry(`provider set dc1 --accept-identity bb/default ${options}`)
  expect(sent()).toMatchObject({ prices })
})

test('two currencies in one list are refused before anything is sent', async () => {
  const { code, err } = await gantry('provider set dc1 --price small=1,EUR --price large=2,USD')
  expect(code).toBe(2)
  expect(err).toContain('all in one currency')
  expect(sent()).toBeUndefined()
})
