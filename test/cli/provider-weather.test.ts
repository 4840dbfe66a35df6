// The weather of a provider and the maintenance of its hosts, as an infra-admin reads them.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { typed } from './command-line.ts'
import { type Asked, type PretendServer, pretendServer } from './pretend-server.ts'
import { start } from './sample-task.ts'

const longAgo = '2020-01-01T00:00:00.000Z'
const figures = { calls: 12, refused: 0, failed: 6, throttled: 0, errorRate: 0.5, p50Ms: 40, p90Ms: 900 }
const now = {
  ...figures,
  reason: 'provider dc1 has not answered since 10:00:00 UTC (connection reset); it is left alone',
  breaker: { state: 'open', since: longAgo, reason: 'connection reset', probeAt: longAgo, refused: 3 },
  pausedUntil: null,
  rateLimit: { perSecond: 20, burst: 50 },
  queued: 0,
  longestMs: 0,
}
const weather = {
  provider: 'prv_01k9hnvdc7f3a8w6q2x4y5z0t0',
  name: 'dc1',
  now,
  byCall: [{ call: 'look', ...figures }],
  waiting: {
    steps: 3,
    platforms: [{ platform: 'plt_1', name: 'team-a', steps: 3, since: longAgo, reason: now.reason }],
  },
}
const maintenance = {
  id: 'mnt_1',
  provider: weather.provider,
  host: 'host-2',
  state: 'emptying',
  reason: 'new memory',
  startedBy: 'tok_1',
  startedAt: longAgo,
  emptiedAt: null,
  endedAt: null,
  machines: 4,
  left: [
    { machine: 'mch_1', name: 'voter-0@1', platform: 'plt_1', platformName: 'team-a', state: 'stuck', reason: 'alone' },
  ],
}
const provider = {
  id: weather.provider,
  name: 'dc1',
  kind: 'incus',
  simulated: false,
  state: 'healthy',
  stateReason: null,
  identity: 'aa/default',
  images: {},
  zones: [],
  machines: 3,
  health: null,
  weather: now,
  rateLimit: now.rateLimit,
  maintenance: [maintenance],
}

const planned = {
  machine: 'mch_01k9hnvdc7f3a8w6q2x4y5z0t0',
  name: 'worker-0@1',
  platform: 'plt_01k9hnvdc7f3a8w6q2x4y5z0t0',
  platformName: 'team-a',
  what: 'moves',
  providerName: 'dc1',
  zone: 'zone-a',
  onHost: 'host-3',
  reason: 'the emptiest',
}

let folder: string
let server: PretendServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-weather-'))
  server = await pretendServer(({ method, path, query }: Asked) => {
    if (path.endsWith('/weather')) return { body: weather }
    if (query.get('dryRun') === 'true') return { body: { host: 'host-2', machines: [planned] } }
    if (path.endsWith('/maintenance'))
      return {
        body: method === 'DELETE' ? { ...maintenance, state: 'ended', left: [], endedAt: longAgo } : maintenance,
      }
    if (path === '/v1/provider-kinds') return { body: { items: [{ kind: 'incus', simulated: false, config: {} }] } }
    return { body: path === '/v1/providers' ? { items: [provider], next: null } : provider }
  })
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

const gantry = (line: string) => typed(`--url ${server.url} --token gantry_token ${line}`, folder, {})

test('weather tells why a provider is left alone, how it answered, and who waits', async () => {
  const { code, out } = await gantry('provider weather dc1')
  expect(code).toBe(0)
  expect(out).toMatch(/dc1 +provider dc1 has not answered since 10:00:00 UTC/)
  expect(out).toMatch(/breaker +open for .*, 3 calls not sent/)
  expect(out).toMatch(/rate limit +20 a second, 50 at once/)
  expect(out).toMatch(/look +12 +6 +0 +40 ms +0.9 s/)
  expect(out).toMatch(/3 steps wait for it:\n +team-a +3 steps/)
})

test('show says the same in a line, and names the hosts in maintenance with the command for more', async () => {
  const { out } = await gantry('provider show dc1')
  expect(out).toMatch(/weather +provider dc1 has not answered/)
  expect(out).toMatch(/host-2 +in maintenance, 1 machine left +gantry provider maintenance show dc1 host-2/)
})

test('maintenance is begun with its reason, shows what is in the way, and is ended', async () => {
  const begun = await gantry('provider maintenance start dc1 host-2 --reason memory --within 7d')
  expect(server.asked.find(({ method }) => method === 'POST')).toMatchObject({
    path: `/v1/providers/${provider.id}/hosts/host-2/maintenance`,
    body: { reason: 'memory', deadline: new Date(start + 60_000 + 7 * 86_400_000).toISOString() },
  })
  expect(begun.out).toMatch(/host-2 +being emptied for .*\(new memory\) +1 machine left of 4/)
  expect(begun.out).toMatch(/team-a +voter-0@1 +stuck: alone/)
  expect((await gantry('provider maintenance end dc1 host-2')).out).toMatch(/it takes machines again/)
})

test('a plan of a maintenance says who would go where, and begins nothing', async () => {
  const { out } = await gantry('provider maintenance start dc1 host-2 --plan')
  expect(server.asked.find(({ method }) => method === 'POST')?.query.get('dryRun')).toBe('true')
  expect(out).toMatch(/team-a +worker-0@1 +moves +dc1\/zone-a\/host-3 +the emptiest/)
  expect(out).toContain('Nothing was changed.')
})

test('a rate limit is sent as numbers, and one that is none is refused before anything is sent', async () => {
  await gantry('provider set dc1 --rate-limit 20,50')
  const sent = () => server.asked.filter(({ method }) => method === 'PATCH').map(({ body }) => body)
  expect(sent()).toMatchObject([{ rateLimit: { perSecond: 20, burst: 50 } }])
  await gantry('provider set dc1 --rate-limit none')
  expect(sent()).toMatchObject([{}, { rateLimit: null }])
  const wrong = await gantry('provider set dc1 --rate-limit fast')
  expect(wrong.code).not.toBe(0)
  expect(wrong.err).toMatch(/--rate-limit fast: write calls a second/)
  expect(sent()).toHaveLength(2)
})
