// Commands that answer a question: why, what did it say, what happened, is everything in order.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { typed } from './command-line.ts'
import { type Answer, type Asked, type PretendServer, pretendServer } from './pretend-server.ts'
import { at } from './sample-task.ts'

const platform = 'plt_01k9hnvdc7f3a8w6q2x4y5z0tb'
let folder: string
let server: PretendServer
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-answers-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

async function gantry(line: string, answer: (asked: Asked) => Answer | undefined, world = {}) {
  server = await pretendServer((asked) =>
    asked.path === '/v1/platforms'
      ? {
          body: {
            items: asked.query.get('state') === 'deleted' ? [{ id: platform, name: 'old' }] : named(asked),
            next: null,
          },
        }
      : answer(asked),
  )
  return typed(`--url ${server.url} --token gnt_x ${line}`, folder, world)
}

function named(asked: Asked) {
  return asked.query.get('name') === 'team-b' ? [{ id: platform, name: 'team-b' }] : []
}

describe('explain', () => {
  const waiting = {
    step: 'script/worker-1@1/docker',
    member: 'worker-1@1',
    state: 'waiting',
    since: at(20),
    attempt: 2,
    maxAttempts: 5,
    reason: 'ended with exit code 100',
    problem: null,
    lastLines: ['Reading package lists...', "E: Could not resolve 'mirror.shop.internal'"],
    nextAt: at(80),
    deadlineAt: at(600),
    waitsFor: [],
  }
  const explanation = {
    platform,
    name: 'team-b',
    state: 'building',
    since: at(0),
    summary: 'team-b is building since 1 min; it waits for 1 of 9 steps.',
    progress: { done: 8, total: 9 },
    waiting: [waiting],
    problems: [],
    next: ['script/worker-1@1/docker is tried again soon.', 'An infra-admin can set a DNS server.'],
  }

  test('says what waits, what it said last, when it is tried next and who can act', async () => {
    const { code, out } = await gantry('explain platform team-b', ({ path }) =>
      path.endsWith('/explain') ? { body: explanation } : undefined,
    )
    expect(code).toBe(0)
    const lines = out.split('\n')
    expect(lines.slice(0, 6)).toEqual([
      'team-b is building since 1 min; it waits for 1 of 9 steps.',
      '  script/worker-1@1/docker  waiting  for 0:40  attempt 2 of 5',
      '      ended with exit code 100',
      '      | Reading package lists...',
      "      | E: Could not resolve 'mirror.shop.internal'",
      '      (gantry logs team-b worker-1 docker)',
    ])
    expect(lines[6]).toMatch(/^ {6}next try in 20 s; gives up at \d\d:54:00 and asks for a person$/)
    expect(lines.slice(7)).toEqual(['  An infra-admin can set a DNS server.', ''])
  })

  test('a hundred steps that wait are told by number', async () => {
    const body = { ...explanation, waiting: Array.from({ length: 100 }, () => waiting) }
    const { out } = await gantry('explain team-b', ({ path }) => (path.endsWith('/explain') ? { body } : undefined))
    expect(out).toContain('and 90 more steps')
    expect(out.split('\n').length).toBeLessThan(80)
  })
})

describe('logs', () => {
  const attempt = (text: string, offset: number, outcome: string | null) => ({
    attempt: 'att_1',
    number: 1,
    step: 'script/worker-1@1/docker',
    name: 'docker',
    member: 'worker-1@1',
    machine: null,
    startedAt: at(0),
    endedAt: null,
    outcome,
    exitCode: outcome === null ? null : 0,
    detail: null,
    offset,
    text,
    next: offset + text.length,
  })

  test('asks for one machine and step, and says how each attempt ended', async () => {
    const { out } = await gantry('logs team-b worker-1 docker', ({ path }) =>
      path.endsWith('/logs') ? { body: { items: [attempt('Unpacking\nDone\n', 0, 'done')] } } : undefined,
    )
    expect(out).toMatch(/^== docker {2}on worker-1 {2}\d\d:\d\d:\d\d\nUnpacking\nDone\n-- done, exit code 0\n$/)
    const asked = server.asked.at(-1)?.query
    expect([asked?.get('machine'), asked?.get('step')]).toEqual(['worker-1', 'docker'])
  })

  test('a machine that is not there has not merely said nothing', async () => {
    const groups = [{ members: [{ name: 'worker-1', machine: 'mch_1' }] }]
    const { code, err } = await gantry('logs team-b worker-9', ({ path }) =>
      path.endsWith('/logs') ? { body: { items: [] } } : { body: { groups } },
    )
    expect({ code, err }).toEqual({
      code: 1,
      err: 'Refused: not_found. There is no machine worker-9 that said anything.\n  There are worker-1.\n',
    })
  })

  test('follows without showing anything twice, until it is stopped', async () => {
    const stop = new AbortController()
    const whole = 'one\ntwo\nthree\n'
    let looks = 0
    const { code, out } = await gantry(
      'logs team-b -f',
      ({ path, query }) => {
        if (!path.endsWith('/logs')) return undefined
        const after = Number(query.get('after') ?? 0)
        if (!query.has('attempt') && ++looks === 3) setTimeout(() => stop.abort(new Error('Ctrl-C')), 50)
        return { body: { items: [attempt(whole.slice(after, looks < 2 ? 4 : whole.length), after, null)] } }
      },
      { signal: stop.signal },
    )
    expect(code).toBe(130)
    expect(out.split('\n').slice(1)).toEqual(['one', 'two', 'three', ''])
  })
})

describe('history', () => {
  test('does not end with its platform', async () => {
    const item = {
      event: 1,
      at: at(0),
      kind: 'platform.state',
      from: 'deleting',
      to: 'deleted',
      cause: 'all gone',
      actor: 'gantry',
    }
    const { code, out } = await gantry('history old', ({ path }) =>
      path === `/v1/platforms/${platform}/history` ? { body: { items: [item] } } : undefined,
    )
    expect(code).toBe(0)
    expect(out).toMatch(/deleting +deleted +gantry +all gone\n$/)
  })
})

describe('doctor', () => {
  const local = { sshCrypto: async () => 'native', terminal: async () => 0 }
  const ready = { body: { status: 'ok', checks: { database: 'ok' } } }
  const version = { version: '0.1.0', api: 'v1', node: 'v26.10.0', reportOnly: false, database: 'sqlite' }
  const provider = { name: 'dc1', kind: 'incus', state: 'healthy', stateReason: null, health: null }

  test('looks at Node, crypto, server, token and providers', async () => {
    const { code, out } = await gantry(
      'doctor',
      ({ path }) =>
        ({
          '/readyz': ready,
          '/v1/version': { body: version },
          '/v1/providers': { body: { items: [provider], next: null } },
        })[path],
      { local },
    )
    expect(out.split('\n').map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))).toEqual(
      ['gantry', 'node', 'ssh crypto', 'server', 'token', 'provider dc1'].map((what) => `ok ${what}`).concat(''),
    )
    expect(code).toBe(0)
  })

  test('a bad token and an unreachable provider are each told with what to do, and make it fail', async () => {
    const refused = {
      status: 401,
      body: { code: 'unauthenticated', detail: 'The token is not known.', next: 'Ask for another.' },
    }
    const bad = await gantry('doctor', ({ path }) => (path === '/readyz' ? ready : refused))
    expect(bad.code).toBe(1)
    expect(bad.out).toMatch(/BAD +token +The token is not known\.\n +Ask for another\./)
    await server[Symbol.asyncDispose]()
    const down = { ...provider, state: 'unreachable', stateReason: 'no route' }
    const away = await gantry(
      'doctor',
      ({ path }) =>
        ({
          '/readyz': ready,
          '/v1/version': { body: version },
          '/v1/providers': { body: { items: [down], next: null } },
        })[path],
    )
    expect(away.code).toBe(1)
    expect(away.out).toMatch(/BAD +provider dc1 +incus +unreachable: no route\n +gantry provider show dc1/)
  })

  test('without a server it says how to start one', async () => {
    server = await pretendServer(() => undefined)
    await server[Symbol.asyncDispose]()
    const { code, out } = await typed(`doctor --url ${server.url}`, folder)
    expect(code).toBe(1)
    expect(out).toMatch(/BAD +server +No Gantry answers at .* \(ECONNREFUSED\)\.\n +Start one with {2}gantry serve/)
    server = await pretendServer(() => undefined)
  })
})
