// Commands as a person types them, against answers as the API gives them.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { typed } from './command-line.ts'
import { type Answer, type Asked, type PretendServer, pretendServer } from './pretend-server.ts'
import { at, building, done, task } from './sample-task.ts'

const id = (prefix: string, n = 0) => `${prefix}_01k9hnvdc7f3a8w6q2x4y5z0t${n}`
const tenant = { id: id('tnt'), name: 'acme', labels: {}, createdAt: at(0) }
const project = { id: id('prj'), name: 'shop', tenant: tenant.id, labels: {}, shares: [], createdAt: at(0) }
const member = {
  name: 'manager-0',
  incarnation: 1,
  state: 'in',
  cause: null,
  machine: id('mch'),
  machineState: 'ready',
  provider: id('prv'),
  providerName: 'dc1',
  zone: 'zone-a',
  host: 'host-1',
  address: '10.20.0.11',
  sshPort: 22,
}
const platform = {
  id: building.target.id,
  name: 'team-a',
  tenant: tenant.id,
  project: project.id,
  blueprint: 'swarm@1.0.0',
  labels: {},
  generation: 1,
  state: 'ready',
  stateSince: at(0),
  stateReason: null,
  deletionProtection: false,
  simulated: true,
  machines: { wanted: 1, ready: 1 },
  createdAt: at(0),
  readyAt: at(38),
  deletedAt: null,
  blueprintDigest: 'd',
  parameters: { managers: 1 },
  groups: [{ name: 'manager', wanted: 1, ready: 1, members: [member] }],
  outputs: { 'manager-addresses': ['10.20.0.11'], 'admin-key': { secret: true, href: '/v1/x' } },
  problems: [],
  task: null,
  receipt: null,
}
const page = (...items: unknown[]): Answer => ({ body: { items, next: null } })

/** The usual world: one tenant, one project, one platform. */
function usual({ method, path }: Asked): Answer | undefined {
  if (method !== 'GET') return undefined
  if (path === '/v1/tenants') return page(tenant)
  if (path === '/v1/projects') return page(project)
  if (path === '/v1/platforms') return page(platform)
  if (path === `/v1/platforms/${platform.id}`) return { body: platform, headers: { etag: '"3"' } }
  if (path === '/v1/blueprints/swarm' || path === '/v1/blueprints/swarm%401.0.0') {
    const operation = { name: 'smoke', mode: 'shared', parameters: { properties: { note: { type: 'string' } } } }
    const properties = { managers: { type: 'integer' }, tag: { type: 'string' } }
    return { body: { parameters: { properties }, operations: [operation] } }
  }
  if (path === '/v1/events') return { stream: '' }
  return undefined
}

let folder: string
let server: PretendServer
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-commands-'))
})
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true })
  await server?.[Symbol.asyncDispose]()
})

async function gantry(
  line: string,
  answer: (asked: Asked, n: number) => Answer | undefined = usual,
  quoted: readonly string[] = [],
) {
  server = await pretendServer((asked, n) => answer(asked, n) ?? usual(asked))
  return run(`--url ${server.url} --token gantry_token ${line}`, {}, quoted)
}

const run = (line: string, env: NodeJS.ProcessEnv = {}, quoted: readonly string[] = []) =>
  typed(line, folder, { env }, quoted)

describe('names', () => {
  test('a machine is found by platform and member', async () => {
    const machine = {
      ...member,
      id: member.machine,
      platformName: 'team-a',
      member: 'manager-0',
      endpoints: [],
      state: 'ready',
      stateSince: at(0),
      memoryBytes: 2 ** 30,
      diskBytes: 2 ** 30,
      cpu: 1,
      simulated: false,
    }
    const { code, out } = await gantry('machine show team-a/manager-0', ({ path }) =>
      path === `/v1/machines/${member.machine}` ? { body: machine } : undefined,
    )
    expect(code).toBe(0)
    expect(out).toContain('dc1/zone-a/host-1')
    expect(server.asked.find(({ path }) => path === '/v1/platforms')?.query.get('name')).toBe('team-a')
  })

  test('a member that is not there is told with those that are', async () => {
    const { code, err } = await gantry('machine show team-a/worker-9')
    expect(code).toBe(1)
    expect(err).toContain('No machine is called worker-9; team-a has manager-0.')
  })

  test('a name that fits several is never guessed at', async () => {
    const { code, err } = await gantry('platform show team-a', ({ path }) =>
      path === '/v1/platforms' ? page(platform, { ...platform, id: id('plt', 1) }) : undefined,
    )
    expect(code).toBe(2)
    expect(err).toContain('2 platforms are called team-a: say which by its id.')
    expect(err).toContain(id('plt', 1))
  })

  test('an id is taken as it is, without a look for names', async () => {
    expect((await gantry(`platform show ${platform.id}`)).code).toBe(0)
    expect(server.asked.map(({ path }) => path)).toEqual([`/v1/platforms/${platform.id}`])
  })
})

describe('output', () => {
  test('a platform shows its machines, and that they are simulated; a secret shows how to see it', async () => {
    const { out } = await gantry('platform show team-a')
    expect(out).toContain('Its machines are simulated.')
    expect(out).toMatch(
      /MACHINE +STATE +PROVIDER +ZONE +HOST +ADDRESS\nmanager-0 +ready +dc1 +zone-a +host-1 +10\.20\.0\.11\n/,
    )
    expect(out).toMatch(/admin-key +\(secret; gantry platform output team-a admin-key\)/)
  })

  test('JSON and YAML are the same facts as data, wherever -o stands', async () => {
    const json = await gantry('platform show team-a -o json')
    expect(JSON.parse(json.out)).toEqual(platform)
    await server[Symbol.asyncDispose]()
    const yaml = await gantry('-o yaml platform show team-a')
    expect(parse(yaml.out)).toEqual(platform)
  })

  test('parameters have the type that the blueprint says', async () => {
    await gantry('platform create team-a --blueprint swarm --set managers=3 --set tag=1.10 --plan')
    const asked = server.asked.find(({ method }) => method === 'POST')
    expect(asked?.query.get('dryRun')).toBe('true')
    expect(asked?.body).toMatchObject({ name: 'team-a', parameters: { managers: 3, tag: '1.10' } })
  })
})

describe('terms of a platform from its first moment', () => {
  test('a lease is counted from now on; schedule and window are of one time zone', async () => {
    const words = [
      '--auto-upgrade',
      'patch',
      '--hibernate',
      '0 20 * * 1-5',
      '--window',
      '0 2 * * 6',
      '--zone',
      'Europe/Berlin',
      '--protect',
    ]
    await gantry('platform create team-a --blueprint swarm --lease 30d --grace 1d', undefined, words)
    const { lease, ...rest } = Object(server.asked.find(({ method }) => method === 'POST')?.body)
    expect(rest).toMatchObject({
      deletionProtection: true,
      autoUpgrade: 'patch',
      schedule: { hibernate: '0 20 * * 1-5', wake: null, timeZone: 'Europe/Berlin' },
      maintenanceWindow: { opens: '0 2 * * 6', durationSeconds: 14_400, timeZone: 'Europe/Berlin' },
    })
    expect(lease.graceSeconds).toBe(86_400)
    expect(lease.expiresAt).toBe(new Date(Date.parse(at(60)) + 30 * 86_400_000).toISOString())
  })

  test.each([
    ['auto-upgrade team-a minor', { follow: 'minor' }],
    ['auto-upgrade team-a', undefined],
  ])('platform %s', async (line, body) => {
    const answer = { follow: 'minor', next: '1.1.0', waitsFor: 'its window opens 2026-11-28T01:00:00.000Z' }
    const { out } = await gantry(`platform ${line}`, ({ path }) =>
      path === `/v1/platforms/${platform.id}/auto-upgrade` ? { body: answer } : undefined,
    )
    expect(server.asked.find(({ method }) => method === 'PUT')?.body).toEqual(body)
    expect(out).toMatch(/next +1.1.0, its window opens/)
  })

  test('none of them is asked for unless it is said; a grace without a lease is a slip', async () => {
    await gantry('platform create team-a --blueprint swarm')
    const { body } = server.asked.find(({ method }) => method === 'POST') ?? {}
    expect(Object.keys(Object(body))).not.toEqual(expect.arrayContaining(['lease']))
    expect(Object.keys(Object(body))).not.toEqual(expect.arrayContaining(['schedule']))
    const { code, err } = await gantry('platform create team-a --blueprint swarm --grace 1d')
    expect(code).toBe(2)
    expect(err).toContain('--grace needs --lease')
  })
})

describe('what would be done', () => {
  test('waking: who starts, who is made anew and where, what is in the way', async () => {
    const place = { providerName: 'dc1', zone: 'zone-a', host: 'host-2' }
    const plan = {
      machines: ['manager-0@1'],
      replaced: [
        { member: 'worker-0@1', ...place, why: 'the emptiest' },
        { member: 'worker-1@1', providerName: null, zone: null, host: null, why: 'no host has room' },
      ],
      inTheWay: ['provider dc2 is unreachable'],
    }
    const { out } = await gantry('platform wake team-a --plan', ({ method }) =>
      method === 'POST' ? { body: plan } : undefined,
    )
    expect(server.asked.find(({ method }) => method === 'POST')?.query.get('dryRun')).toBe('true')
    expect(out.split('\n')).toEqual(
      expect.arrayContaining([
        'start  manager-0@1',
        'anew   worker-0@1  at dc1/zone-a/host-2: the emptiest',
        'stuck  worker-1@1  no host has room',
        'in the way: provider dc2 is unreachable',
        'Nothing was changed.',
      ]),
    )
  })

  test('hibernate --plan names the machines in their order, and changes nothing', async () => {
    const { out } = await gantry('platform hibernate team-a --plan', ({ method }) =>
      method === 'POST' ? { body: { machines: ['worker-0@1', 'manager-0@1'] } } : undefined,
    )
    expect(server.asked.find(({ method }) => method === 'POST')?.query.get('dryRun')).toBe('true')
    expect(out.trim().split('\n')).toEqual(['stop  worker-0@1', 'stop  manager-0@1', 'Nothing was changed.'])
  })
})

describe('waiting', () => {
  const ready = task(
    building.steps.map((one) => done(one.name, one.member, 1, 2)),
    { state: 'done', seconds: 38 },
  )

  test('shows a line for each change and ends with what to do next', async () => {
    let looks = 0
    const { code, out } = await gantry('platform create team-a --blueprint swarm --wait', ({ method, path }) => {
      if (method === 'POST') return { status: 202, body: building }
      if (path === `/v1/tasks/${building.id}`) return { body: ++looks < 3 ? building : ready }
      return undefined
    })
    expect(code).toBe(0)
    expect(out).toContain('1:00   docker          worker-1 (2nd)  started (attempt 2)')
    expect(out.match(/started \(attempt 2\)/g)).toHaveLength(1)
    expect(out).toContain('platform team-a  ready in 38 s')
    expect(out).toContain('Next:  gantry ssh team-a/manager-0      gantry platform show team-a')
  })

  test('a task that is blocked is no success, and says who can do what', async () => {
    const blocked = {
      ...building,
      state: 'blocked' as const,
      problem: { code: 'script_failed', detail: 'join.sh ended with 100', next: 'Look at the log.' },
    }
    const { code, err } = await gantry('platform create team-a --blueprint swarm --wait', ({ method, path }) => {
      if (method === 'POST') return { status: 202, body: blocked }
      return path === `/v1/tasks/${building.id}` ? { body: blocked } : undefined
    })
    expect(code).toBe(1)
    expect(err).toContain('Failed: script_failed. team-a is blocked: join.sh ended with 100')
    expect(err).toContain('Look at the log.')
    expect(err).toContain('gantry explain team-a')
  })

  test('where a program reads, the data is alone on stdout', async () => {
    const { out, err } = await gantry('platform create team-a --blueprint swarm --wait -o json', ({ method, path }) => {
      if (method === 'POST') return { status: 202, body: ready }
      return path === `/v1/tasks/${building.id}` ? { body: ready } : undefined
    })
    expect(JSON.parse(out)).toEqual(platform)
    expect(err).toContain('docker')
  })

  test('deleting ends with the receipt', async () => {
    const gone = { ...ready, kind: 'platform.delete', seconds: 9, receipt: id('rcp') }
    const object = {
      kind: 'machine',
      providerName: 'dc1',
      member: 'manager-0@1',
      proof: 'absentByConsistentLookup',
      observedAt: at(44),
      reopenedAt: null,
      nativeRef: 'vm-1',
    }
    const receipt = {
      id: id('rcp'),
      platformName: 'team-a',
      state: 'complete',
      objects: [object, { ...object, observedAt: at(47) }],
    }
    const { code, out } = await gantry('platform delete team-a --wait', ({ method, path }) => {
      if (method === 'DELETE') return { status: 202, body: gone }
      if (path === `/v1/tasks/${building.id}`) return { body: gone }
      return path === `/v1/receipts/${id('rcp')}` ? { body: receipt } : undefined
    })
    expect(code).toBe(0)
    expect(out).toContain(`platform team-a  deleted in 9.0 s      receipt ${id('rcp')}`)
    expect(out).toMatch(/2 machines; each observed gone at dc1 between \d\d:\d\d:44 and \d\d:\d\d:47/)
  })
})

describe('stopping and going on', () => {
  test('a cancelled task says that its platform is held, and both ways on', async () => {
    const cancelled = task(building.steps, { state: 'cancelled' })
    const { code, out } = await gantry(`task cancel ${building.id}`, ({ method, path }) =>
      method === 'POST' && path === `/v1/tasks/${building.id}/cancel` ? { body: cancelled } : undefined,
    )
    expect(code).toBe(0)
    expect(out).toContain('platform team-a is held as it is')
    expect(out).toContain('Next:  gantry platform resume team-a      gantry platform delete team-a')
  })

  test('who waits for a task that somebody cancels is told how to go on', async () => {
    const cancelled = task(building.steps, { state: 'cancelled' })
    const { code, err } = await gantry('platform retry team-a --wait', ({ method, path }) => {
      if (method === 'POST') return { status: 202, body: building }
      return path === `/v1/tasks/${building.id}` ? { body: cancelled } : undefined
    })
    expect(code).toBe(1)
    expect(err).toContain('platform.create of team-a was cancelled')
    expect(err).toContain('gantry platform resume team-a')
  })

  test('resume and retry name the task that goes on, and with --wait show it to its end', async () => {
    const ended = task(building.steps, { kind: 'platform.resume', state: 'done', seconds: 38 })
    for (const verb of ['resume', 'retry']) {
      const answer = ({ method, path }: Asked) => {
        if (method === 'POST' && path === `/v1/platforms/${platform.id}/${verb}`) return { status: 202, body: building }
        return path === `/v1/tasks/${building.id}` ? { body: ended } : undefined
      }
      const { out } = await gantry(`platform ${verb} team-a`, answer)
      expect(out).toContain(`Platform team-a goes on; task ${building.id}.`)
      await server[Symbol.asyncDispose]()
      expect((await gantry(`platform ${verb} team-a --wait`, answer)).out).toContain('platform team-a  ready in 38 s')
      await server[Symbol.asyncDispose]()
    }
  })
})

describe('changes', () => {
  const at_ = `/v1/platforms/${platform.id}`
  const accepts = ({ method }: Asked) =>
    method === 'PATCH' || method === 'POST' ? { status: 202, body: building } : undefined

  test.each([
    ['scale team-a worker=5 manager=3', 'PATCH', at_, { groups: { worker: { count: 5 }, manager: { count: 3 } } }],
    ['change team-a --set managers=3 --set tag=1.10', 'PATCH', at_, { parameters: { managers: 3, tag: '1.10' } }],
    ['upgrade team-a', 'PATCH', at_, { blueprint: 'swarm', parameters: {} }],
    ['rollback team-a --to 2', 'POST', `${at_}/rollback`, { revision: 2 }],
    ['rollback team-a', 'POST', `${at_}/rollback`, {}],
    ['renew team-a', 'POST', `${at_}/renew`, undefined],
  ])('platform %s asks for just that', async (line, method, path, body) => {
    const { out } = await gantry(`platform ${line}`, accepts)
    const asked = server.asked.find((one) => one.method === method)
    expect(asked?.path).toBe(path)
    expect(asked?.body ?? undefined).toEqual(body)
    expect(out).toContain(`task ${building.id}`)
  })

  test.each(['scale team-a worker', 'scale team-a worker=many', 'change team-a', 'rollback team-a --to 1.0.0'])(
    'platform %s is not understood, and nothing is asked for',
    async (line) => {
      const { code } = await gantry(`platform ${line}`, accepts)
      expect(code).toBe(2)
      expect(server.asked.filter((one) => one.method !== 'GET')).toEqual([])
    },
  )

  test('--plan shows who comes, goes and stays, and changes nothing', async () => {
    const place = { zone: 'zone-a', host: 'host-1', providerName: null }
    const member_ = (name: string, what: string, wave: number | null) => ({
      member: name,
      group: 'worker',
      what,
      why: 'because',
      wave,
      ...place,
    })
    const plan = {
      generation: 2,
      blueprint: 'swarm@1.0.0',
      parameters: { workers: 1 },
      changed: ['workers'],
      members: [
        member_('worker-0@1', 'stays', null),
        member_('worker-1@1', 'removed', 0),
        member_('worker-2@1', 'added', 0),
      ],
      waves: [],
      quote: {
        quota: {},
        costPerHour: {
          before: { amount: '0.20', currency: 'EUR' },
          during: { amount: '0.30', currency: 'EUR' },
          after: { amount: '0.20', currency: 'EUR' },
        },
        costReason: null,
        seconds: null,
      },
    }
    const { out } = await gantry('platform scale team-a worker=1 --plan', ({ method }) =>
      method === 'PATCH' ? { body: plan, headers: { etag: '"3"' } } : undefined,
    )
    expect(server.asked.find((one) => one.method === 'PATCH')?.query.get('dryRun')).toBe('true')
    expect(out).toMatch(/- worker-1@1 +removed +at once/)
    expect(out).toMatch(/\+ worker-2@1 +added +at once/)
    expect(out).toContain('0.20 -> 0.20 EUR/h, at most 0.30 while it runs')
    expect(out).toContain('Nothing was changed.')
  })
})

describe('operations', () => {
  const smoke = task([done('look', 'manager-0@1', 1, 2)], {
    kind: 'platform.operation',
    operation: 'smoke',
    parameters: { note: '1.10' },
  })
  const ended = {
    ...smoke,
    state: 'done' as const,
    seconds: 3,
    outputs: { counted: '5', key: { secret: true, href: '/v1/x' } },
  }
  const running = ({ method, path }: Asked) => {
    if (method === 'POST' && path === `/v1/platforms/${platform.id}/operations`) return { status: 202, body: smoke }
    return path === `/v1/tasks/${smoke.id}` ? { body: ended } : undefined
  }

  test('one is run with parameters of the types that its blueprint says', async () => {
    const { code, out } = await gantry('platform run team-a smoke --set note=1.10', running)
    expect(code).toBe(0)
    expect(out).toContain(`Operation smoke of team-a is accepted; task ${smoke.id}.`)
    const asked = server.asked.find(({ method }) => method === 'POST')
    expect(asked?.body).toEqual({ operation: 'smoke', parameters: { note: '1.10' } })
  })

  test('with --wait it is shown to its end, with its outputs and never a secret', async () => {
    const { out } = await gantry('platform run team-a smoke --wait', running)
    expect(out).toContain('operation smoke of team-a  done in 3.0 s')
    expect(out).toMatch(/counted\s+5/)
    expect(out).toContain(`(secret; gantry task output ${smoke.id} key)`)
  })

  test('--plan says on how many members it would run', async () => {
    const step = { key: 'op/<task>/a@1/look', name: 'look' }
    const preview = { operation: 'smoke', mode: 'shared', parameters: { note: 'x' }, steps: [step, step], members: [] }
    const { out } = await gantry('platform run team-a smoke --plan', ({ method }) =>
      method === 'POST' ? { body: preview } : undefined,
    )
    expect(out).toContain('look  on 2 members')
    expect(out).toContain('Nothing was changed.')
    expect(server.asked.find(({ method }) => method === 'POST')?.query.get('dryRun')).toBe('true')
  })

  test('one that failed is no success and says how to run it again', async () => {
    const problem = { code: 'script_failed', detail: 'look.sh ended with 1' }
    const { code, err } = await gantry('platform run team-a smoke --wait', ({ method, path }) => {
      if (method === 'POST') return { status: 202, body: smoke }
      return path === `/v1/tasks/${smoke.id}` ? { body: { ...smoke, state: 'failed', problem } } : undefined
    })
    expect(code).toBe(1)
    expect(err).toContain('smoke of team-a failed: look.sh ended with 1')
    expect(err).toContain(`gantry task retry ${smoke.id}`)
  })

  test('a task of an operation is retried, cancelled, and its outputs read by name', async () => {
    const { out } = await gantry(`task retry ${smoke.id} --wait`, ({ method, path }) =>
      method === 'POST' ? { status: 202, body: smoke } : path === `/v1/tasks/${smoke.id}` ? { body: ended } : undefined,
    )
    expect(out).toContain('done in 3.0 s')
    await server[Symbol.asyncDispose]()
    const cancelled = await gantry(`task cancel ${smoke.id}`, ({ method }) =>
      method === 'POST' ? { body: { ...smoke, state: 'cancelled' } } : undefined,
    )
    expect(cancelled.out).toContain('Operation smoke of team-a is cancelled')
    await server[Symbol.asyncDispose]()
    const output = await gantry(`task output ${smoke.id} key`, ({ path }) =>
      path.endsWith('/outputs/key') ? { body: { name: 'key', secret: true, value: 'very-secret' } } : undefined,
    )
    expect(output.out).toBe('very-secret\n')
  })

  test('a blueprint shows its operations with their parameters', async () => {
    const shown = {
      name: 'swarm',
      version: '1.0.0',
      digest: 'd',
      description: null,
      groups: ['manager'],
      outputs: [],
      parameters: { properties: {} },
      operations: [
        {
          name: 'rotate',
          mode: 'shared',
          description: 'New tokens.',
          parameters: { properties: { role: { type: 'string', enum: ['both', 'worker'], default: 'both' } } },
        },
      ],
    }
    const { out } = await gantry('blueprint show other', ({ path }) =>
      path === '/v1/blueprints/other' ? { body: shown } : undefined,
    )
    expect(out).toContain('rotate  shared  New tokens.')
    expect(out).toMatch(/role\s+one of both, worker; default "both"/)
  })
})

describe('errors', () => {
  const refusal = {
    code: 'no_capacity',
    status: 409,
    detail: 'manager-4 found no host. Nothing was created.',
    facts: { hosts: ['host-1: runs manager-0', 'host-4: needs 4096 MiB, 1024 MiB free'] },
    next: 'It would fit with --set managerSpread=should',
    requestId: 'req_1',
  }
  const refuse = ({ method }: Asked) => (method === 'POST' ? { status: 409, body: refusal } : undefined)

  test('a refusal prints why, in its lists, and what to do next; exit code 1', async () => {
    const { code, out, err } = await gantry('platform create wide --blueprint swarm', refuse)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toBe(
      'Refused: no_capacity. manager-4 found no host. Nothing was created.\n' +
        '  hosts\n    host-1: runs manager-0\n    host-4: needs 4096 MiB, 1024 MiB free\n' +
        '  It would fit with --set managerSpread=should\n',
    )
  })

  test('with -o json it is the problem as data', async () => {
    const { code, err } = await gantry('platform create wide --blueprint swarm -o json', refuse)
    expect(code).toBe(1)
    expect(JSON.parse(err)).toEqual(refusal)
  })

  test('a command that is not understood is told in the form that was asked for, too', async () => {
    const json = await run('platform create -o json')
    expect(JSON.parse(json.err)).toMatchObject({ code: 'usage', detail: expect.stringContaining('--blueprint') })
    const yaml = await run('platfrom list --output=yaml')
    expect(parse(yaml.err)).toMatchObject({
      code: 'usage',
      detail: "Unknown command 'platfrom'. Did you mean platform?",
    })
    expect((await run('platfrom list')).err).toMatch(
      /^Not understood: Unknown command 'platfrom'\. Did you mean platform\?\n/,
    )
    expect(await run('help platform')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: gantry platform'),
    })
  })

  test('a platform that is gone is told from one that never was', async () => {
    const gone = { ...platform, state: 'deleted', deletedAt: at(60) }
    const { code, err } = await gantry('platform show team-a', ({ path, query }) =>
      path === '/v1/platforms' ? page(...(query.get('state') === 'deleted' ? [gone] : [])) : undefined,
    )
    expect({ code, err }).toEqual({
      code: 1,
      err: `Refused: not_found. team-a was deleted at ${at(60)}.\n  gantry history team-a      gantry platform show ${platform.id}\n`,
    })
  })

  test('what has no name is asked for by id, and a change says what', async () => {
    expect((await gantry('task show team-a')).err).toContain('team-a is no id of a task.\n  gantry task list')
    expect((await run('receipt show x')).err).toContain('x is no id of a receipt.')
    for (const line of ['platform set team-a', 'ticket set gold', 'event list --after abc']) {
      expect({ line, code: (await run(line)).code }).toEqual({ line, code: 2 })
    }
  })

  test('a file of settings that cannot be used is named', async () => {
    const { code, err } = await gantry('provider add dc1 --kind incus --config /no/such/file', ({ path }) =>
      path === '/v1/provider-kinds' ? page() : undefined,
    )
    expect(code).toBe(2)
    expect(err).toContain('--config /no/such/file cannot be used: ENOENT')
  })

  test('fields that are wrong are named', async () => {
    const errors = [{ pointer: '/parameters/managers', detail: 'must be 1, 3, 5 or 7' }]
    const { err } = await gantry('platform create wide --blueprint swarm', ({ method }) =>
      method === 'POST' ? { status: 422, body: { code: 'invalid_parameter', detail: 'managers.', errors } } : undefined,
    )
    expect(err).toContain('  /parameters/managers  must be 1, 3, 5 or 7')
  })

  test('a command that is not understood is exit code 2 and sends nothing', async () => {
    for (const line of [
      'platform create',
      'platfrom list',
      'platform create a --blueprint swarm --set managers',
      'platform list -o xml',
    ]) {
      const { code, err } = await gantry(line)
      expect({ line, code }).toEqual({ line, code: 2 })
      expect(err).not.toBe('')
      expect(server.asked.filter(({ method }) => method === 'POST')).toEqual([])
      await server[Symbol.asyncDispose]()
    }
    expect((await run('platfrom list')).err).toContain('Did you mean platform?')
  })

  test('help and version are no errors', async () => {
    expect(await run('--version')).toMatchObject({ code: 0, out: '0.1.0\n' })
    const help = await run('--help')
    expect(help.code).toBe(0)
    for (const command of ['serve', 'demo', 'doctor', 'platform', 'explain', 'logs', 'ssh', 'history', 'receipt']) {
      expect(help.out).toMatch(new RegExp(`^  ${command} `, 'm'))
    }
  })
})

describe('contexts', () => {
  test('one is set, used without flags, shown without its token, and its file is for the owner alone', async () => {
    server = await pretendServer(usual)
    expect((await run(`context set here --url ${server.url} --token gantry_verysecret --project shop`)).code).toBe(0)
    expect(statSync(join(folder, 'config/contexts.json')).mode & 0o777).toBe(0o600)
    expect((await run('platform list')).out).toContain('team-a')
    expect(server.asked.at(-1)?.headers.authorization).toBe('Bearer gantry_verysecret')
    expect(server.asked.at(-1)?.query.get('project')).toBe(project.id)
    for (const line of ['context list', 'context show', 'context list -o json', 'context show here -o yaml']) {
      const { out } = await run(line)
      expect(out).toContain(server.url)
      expect(out).not.toContain('verysecret')
    }
  })

  test('a flag beats the environment, which beats the context', async () => {
    server = await pretendServer(usual)
    await run('context set here --url http://127.0.0.1:1 --token from_context')
    const env = { GANTRY_URL: server.url, GANTRY_TOKEN: 'from_environment' }
    await run('platform list', env)
    await run('platform list --token from_flag', env)
    const tokens = server.asked.map(({ headers }) => headers.authorization)
    expect(tokens).toEqual(['Bearer from_environment', 'Bearer from_flag'])
  })

  test('a URL that is none is refused before it is kept: every later command would stumble over it', async () => {
    for (const url of ['foo', 'ftp://x', '']) {
      const set = await run(`context set here --url ${url || "''"}`)
      expect(set).toMatchObject({ code: 2, err: expect.stringContaining('is no URL of a server') })
    }
    expect(await run('context list')).toMatchObject({ code: 0, out: expect.stringContaining('no context yet') })
    expect(await run('platform list --url foo')).toMatchObject({ code: 2 })
    expect(await run('platform list', { GANTRY_URL: 'foo' })).toMatchObject({ code: 2 })
  })

  test('one that is not there is not removed, and the names of those that are help', async () => {
    await run('context set here --url http://127.0.0.1:1')
    expect(await run('context remove there')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no context there'),
    })
    expect(await run('context remove here')).toMatchObject({ code: 0 })
  })

  test('a context that does not exist is named with those that do', async () => {
    await run('context set here --url http://127.0.0.1:1')
    const { code, err } = await run('platform list --context there')
    expect(code).toBe(2)
    expect(err).toMatch(/There is no context there in .*contexts\.json \(there: here\)/)
  })
})

describe('blueprint validate', () => {
  test('says file, line, column and a hint, without a server', async () => {
    const path = join(folder, 'blueprint.yaml')
    writeFileSync(
      path,
      readFileSync(join(import.meta.dirname, '../../blueprints/swarm/blueprint.yaml'), 'utf8').replace(
        'groups:',
        'gruops:',
      ),
    )
    const { code, out } = await run(`blueprint validate ${folder}`)
    expect(code).toBe(1)
    expect(out).toMatch(new RegExp(`^${path}:\\d+:\\d+ {2}.+`, 'm'))
  })

  test('accepts what is shipped', async () => {
    for (const name of ['swarm', 'machines']) {
      const { code, out } = await run(`blueprint validate ${join(import.meta.dirname, '../../blueprints', name)}`)
      expect({ code, ok: out.startsWith(`ok  ${name} 1.`) }).toEqual({ code: 0, ok: true })
    }
  })
})
