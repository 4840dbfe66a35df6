import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import ssh2 from 'ssh2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { realSeams } from '../../src/kernel/real-seams.ts'
import type { MachineRequest, Observed, OwnerTag, ResourceKey, Session } from '../../src/provider/contract.ts'
import { configSchema } from './config.ts'
import { simulated, stopWorld, type WorldControl, worldControl } from './index.ts'
import type { WorldInput } from './world/layout.ts'

const never = new AbortController().signal
const seams = realSeams()
const owner = 'ins_test' as OwnerTag
const login = ssh2.utils.generateKeyPairSync('ed25519')
const host = ssh2.utils.generateKeyPairSync('ed25519')
const GiB = 2 ** 30

function key(name: string): ResourceKey {
  return `ins_test/0/plt_1/${name}@1` as ResourceKey
}

function request(name: string, change: Partial<MachineRequest> = {}): MachineRequest & { own: Record<string, never> } {
  return {
    owner,
    hostname: name,
    resources: { cpu: 2, memoryBytes: 2 * GiB, diskBytes: 16 * GiB },
    image: 'debian-12',
    zone: 'zone-a',
    host: null,
    spreadGroup: null,
    networks: [],
    loginUser: 'admin',
    authorizedKey: login.public,
    hostKey: { publicKey: host.public, privateKeyPem: host.private },
    specHash: `hash of ${name}`,
    own: {},
    ...change,
  }
}

interface Lab extends AsyncDisposable {
  readonly folder: string
  readonly session: Session
  readonly control: WorldControl
  connect(): Promise<Session>
  look(name: string): Promise<Observed[]>
  up(name: string, change?: Partial<MachineRequest>): Promise<Observed>
  run(machine: Observed, command: string, input?: string): Promise<{ code: number; out: string; err: string }>
}

async function lab(input: WorldInput = {}): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-world-'))
  const config = configSchema.parse({ folder, world: { bootMs: 30, destroyMs: 10, workFactor: 0.005, ...input } })
  const connect = (): Promise<Session> => simulated.connect(config, seams)
  const session = await connect()
  const control = await worldControl(folder)
  const look = (name: string) => Array.fromAsync(session.observe(owner, [{ key: key(name) }], never))
  const until = async (name: string, state: Observed['state']): Promise<Observed> => {
    for (;;) {
      const [seen] = await look(name)
      if (seen?.state === state) return seen
      await seams.clock.sleep(5)
    }
  }
  return {
    folder,
    session,
    control,
    connect,
    look,
    up: async (name, change) => {
      await session.create(key(name), request(name, change), never)
      return until(name, 'running')
    },
    run: (machine, command, input) => execute(machine, command, input),
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]()
      await control.close()
      await stopWorld(folder)
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    },
  }
}

/** What `work` answers, if it took less than `ms`: what is promised for that time cannot be asked of a later look. */
async function soonerThan<T>(ms: number, work: () => Promise<T>): Promise<T | undefined> {
  const started = seams.clock.now()
  const answer = await work()
  return seams.clock.now() - started < ms ? answer : undefined
}

interface Login {
  readonly user?: string
  readonly privateKey?: string
  readonly hostKey?: string
  /** For a machine that is meant to say nothing; one that is only slow is waited for. */
  readonly patienceMs?: number
}

function client(
  machine: Observed,
  { user = 'admin', privateKey = login.private, hostKey = host.public, patienceMs = 60_000 }: Login = {},
): Promise<ssh2.Client> {
  const [endpoint] = machine.endpoints
  const pinned = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64')
  return new Promise((resolve, reject) => {
    const connection = new ssh2.Client()
    connection.on('ready', () => resolve(connection))
    connection.on('error', reject)
    connection.on('close', () => reject(new Error('closed')))
    connection.connect({
      host: endpoint?.address ?? '',
      port: endpoint?.port ?? 0,
      username: user,
      privateKey,
      hostVerifier: (shown: Buffer) => shown.equals(pinned),
      readyTimeout: patienceMs,
    })
    connection.setNoDelay(true)
  })
}

async function execute(
  machine: Observed,
  command: string,
  input = '',
): Promise<{ code: number; out: string; err: string }> {
  const connection = await client(machine)
  try {
    return await new Promise((resolve, reject) => {
      connection.exec(command, (error, channel) => {
        if (error) return reject(error)
        let [out, err, code] = ['', '', -1]
        channel.on('data', (chunk: Buffer) => {
          out += chunk.toString()
        })
        channel.stderr.on('data', (chunk: Buffer) => {
          err += chunk.toString()
        })
        channel.on('exit', (given: number) => {
          code = given
        })
        channel.on('close', () => resolve({ code, out, err }))
        channel.end(input)
      })
    })
  } finally {
    connection.end()
  }
}

describe('a simulated cloud', () => {
  let world: Lab
  beforeAll(async () => {
    world = await lab()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('reports its hosts, zones and rights', async () => {
    const hosts = await Array.fromAsync(world.session.inventory(never))
    expect(hosts.map((found) => `${found.zone}/${found.name}`)).toEqual([
      'zone-a/host-1',
      'zone-a/host-2',
      'zone-b/host-3',
    ])
    expect(await world.session.probe(never)).toMatchObject({ version: 'simulated 1', missingRights: [] })
  })

  test('lets in the one key of the request, shows the host key of the request, and runs commands', async () => {
    const machine = await world.up('login')
    expect(await world.run(machine, 'whoami; hostname; sudo -n id -u')).toEqual({
      code: 0,
      out: 'admin\nlogin\n0\n',
      err: '',
    })
    expect(await world.run(machine, 'cat; exit 3', 'what I said')).toEqual({ code: 3, out: 'what I said', err: '' })
    const stranger = ssh2.utils.generateKeyPairSync('ed25519')
    await expect(client(machine, { privateKey: stranger.private })).rejects.toThrow(/authentication/)
    await expect(client(machine, { user: 'root' })).rejects.toThrow(/authentication/)
    await expect(client(machine, { hostKey: stranger.public })).rejects.toThrow(/denied|verification/i)
  })

  test('waits for the input of a command that reads it, however late it comes', async () => {
    const machine = await world.up('patient')
    const connection = await client(machine)
    const said = await new Promise<string>((resolve, reject) => {
      connection.exec(`sh -c 'eval "$(cat)"'`, async (error, channel) => {
        if (error) return reject(error)
        let text = ''
        channel.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        channel.on('close', () => resolve(text))
        await seams.clock.sleep(500)
        channel.end('echo heard')
      })
    })
    connection.end()
    expect(said).toBe('heard\n')
  })

  test('gives a person a shell that keeps its folder and its exit code', async () => {
    const machine = await world.up('shell')
    const connection = await client(machine)
    const [code, shown] = await new Promise<[number, string]>((resolve, reject) => {
      connection.shell({ term: 'xterm' }, (error, channel) => {
        if (error) return reject(error)
        let [text, exitCode] = ['', -1]
        channel.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        channel.on('exit', (given: number) => {
          exitCode = given
        })
        channel.on('close', () => resolve([exitCode, text]))
        channel.write('cd /etc\rpwx\u007fd\rexit 4\r')
      })
    })
    connection.end()
    expect(code).toBe(4)
    expect(shown).toContain('admin@shell:/etc$ pwx\b \bd\r\n/etc\r\n')
  })

  test('takes a host key in PKCS#8 as well', async () => {
    const pair = generateKeyPairSync('ed25519')
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const raw = pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
    const blob = Buffer.concat([
      Buffer.from([0, 0, 0, 11]),
      Buffer.from('ssh-ed25519'),
      Buffer.from([0, 0, 0, 32]),
      raw,
    ])
    const publicKey = `ssh-ed25519 ${blob.toString('base64')}`
    const machine = await world.up('pkcs8', { hostKey: { publicKey, privateKeyPem: pem } })
    const connection = await client(machine, { hostKey: publicKey })
    connection.end()
  })

  test('makes one machine of a repeated create, and finds it by key', async () => {
    const first = await world.session.create(key('twice'), request('twice'), never)
    const second = await world.session.create(key('twice'), request('twice'), never)
    expect(second).toBe(first)
    expect(await world.look('twice')).toHaveLength(1)
  })

  test('refuses the name of a stranger, for create and for destroy', async () => {
    const stranger = 'ins_other' as OwnerTag
    await world.session.create(key('taken'), request('taken', { owner: stranger }), never)
    const taken = { kind: 'nameTaken', outcome: 'none' }
    await expect(world.session.create(key('taken'), request('taken'), never)).rejects.toMatchObject(taken)
    await expect(world.session.destroy(owner, key('taken'), never)).rejects.toMatchObject(taken)
    expect(await Array.fromAsync(world.session.list(stranger, never))).toHaveLength(1)
  })

  test('refuses what does not fit or does not exist, and makes nothing', async () => {
    const huge = { resources: { cpu: 64, memoryBytes: GiB, diskBytes: GiB } }
    await expect(world.session.create(key('huge'), request('huge', huge), never)).rejects.toMatchObject({
      kind: 'capacity',
      outcome: 'none',
    })
    await expect(world.session.create(key('img'), request('img', { image: 'plan-9' }), never)).rejects.toMatchObject({
      kind: 'rejected',
    })
    expect([...(await world.look('huge')), ...(await world.look('img'))]).toEqual([])
    expect(await world.session.hasImage?.('plan-9', never)).toBe(false)
  })

  test('a machine destroyed twice, or never made, is destroyed', async () => {
    await world.up('gone')
    await world.session.destroy(owner, key('gone'), never)
    await world.session.destroy(owner, key('gone'), never)
    await world.session.destroy(owner, key('never'), never)
    await expect.poll(() => world.look('gone')).toEqual([])
  })

  test('survives the session that made it: the next one finds its machines, and they still know what was done', async () => {
    const machine = await world.up('survivor')
    await world.run(machine, 'echo kept > note')
    await using again = await world.connect()
    const [found] = await Array.fromAsync(again.observe(owner, [{ key: key('survivor') }], never))
    expect(found?.ref).toBe(machine.ref)
    expect(await world.run(machine, 'cat note')).toMatchObject({ out: 'kept\n' })
  })

  test('a process that was detached outlives its connection', async () => {
    const machine = await world.up('detached')
    const patient = 'until [ -e told ]; do sleep 0.02; done; echo done > result'
    await world.run(machine, `setsid sh -c "${patient}" > /dev/null 2>&1 < /dev/null & echo $!`)
    expect(await world.run(machine, 'cat result')).toMatchObject({ code: 1 })
    await world.run(machine, 'touch told')
    await expect.poll(() => world.run(machine, 'cat result')).toMatchObject({ out: 'done\n' })
  })
})

describe('a simulated cloud in trouble', () => {
  let world: Lab
  beforeAll(async () => {
    world = await lab()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('a create whose reply is lost took effect', async () => {
    await world.control.faults({ loseCreateReplies: 1 })
    const lost = world.session.create(key('lost'), request('lost'), never)
    await expect(lost).rejects.toMatchObject({ kind: 'transient', outcome: 'unknown' })
    expect(await world.look('lost')).toHaveLength(1)
  })

  test('a create that is late appears after it was given up', async () => {
    await world.control.faults({ lateCreates: 1, lateMs: 300 })
    const before = await soonerThan(300, async () => {
      await expect(world.session.create(key('late'), request('late'), never)).rejects.toMatchObject({
        outcome: 'unknown',
      })
      return world.look('late')
    })
    expect(before ?? []).toEqual([])
    await expect.poll(() => world.look('late')).toHaveLength(1)
  })

  test('capacity can be refused though there is room, once', async () => {
    await world.control.faults({ refuseCapacity: 1 })
    await expect(world.session.create(key('full'), request('full'), never)).rejects.toMatchObject({
      kind: 'capacity',
      outcome: 'none',
    })
    await world.session.create(key('full'), request('full'), never)
  })

  test('an API that cannot be reached leaves the outcome open, and machines go on', async () => {
    const machine = await world.up('going')
    await world.control.faults({ unreachable: true })
    await expect(world.session.create(key('x'), request('x'), never)).rejects.toMatchObject({
      kind: 'transient',
      outcome: 'unknown',
    })
    expect(await world.run(machine, 'echo on')).toMatchObject({ out: 'on\n' })
    await world.control.faults({ unreachable: false })
    expect(await world.look('x')).toEqual([])
  })

  test('an overloaded API says when to come again', async () => {
    await world.control.faults({ throttle: 1 })
    await expect(world.look('x')).rejects.toMatchObject({ kind: 'transient', outcome: 'none', retryAfterMs: 100 })
  })

  test('a machine that dies silently still looks well and answers nobody; one that failed says so; one that vanished is gone', async () => {
    const [silent, failed, vanished] = await Promise.all(['silent', 'failed', 'vanished'].map((name) => world.up(name)))
    if (!silent || !failed || !vanished) throw new Error('not up')
    await world.control.kill(silent.ref, 'silent')
    await world.control.kill(failed.ref, 'failed')
    await world.control.kill(vanished.ref, 'vanished')
    expect((await world.look('silent')).map((seen) => seen.state)).toEqual(['running'])
    expect(await world.look('failed')).toMatchObject([{ state: 'failed', reason: 'the simulated machine broke' }])
    expect(await world.look('vanished')).toEqual([])
    await expect(client(silent, { patienceMs: 500 })).rejects.toThrow(/[Tt]imed out/)
    await expect(client(failed, { patienceMs: 500 })).rejects.toThrow()
    await expect(client(vanished)).rejects.toThrow(/ECONNREFUSED/)
  })

  test('a machine may come up and deny every login', async () => {
    await world.control.faults({ denyLogins: 1 })
    const machine = await world.up('denied')
    await expect(client(machine)).rejects.toThrow(/authentication/)
  })

  test('power goes off and on; what is on disk stays, what ran does not', async () => {
    const machine = await world.up('power')
    const before = await world.run(
      machine,
      'echo kept > note; cat /proc/sys/kernel/random/boot_id; setsid sleep 60 > /dev/null 2>&1 &',
    )
    await world.session.power?.(owner, key('power'), 'off', never)
    expect(await world.look('power')).toMatchObject([{ state: 'stopped' }])
    await expect(client(machine, { patienceMs: 500 })).rejects.toThrow()
    await world.session.power?.(owner, key('power'), 'on', never)
    await expect.poll(async () => (await world.look('power'))[0]?.state).toBe('running')
    const after = await world.run(machine, 'cat note; pgrep sleep; cat /proc/sys/kernel/random/boot_id')
    expect(after.out).toMatch(/^kept\n[0-9a-f-]+\n$/)
    expect(after.out).not.toContain(before.out.trim())
  })
})

test('creates that overtake each other make duplicates; both are shown, and one destroy takes both', async () => {
  await using world = await lab({ latencyMs: 40 })
  await Promise.all([1, 2].map(() => world.session.create(key('race'), request('race'), never)))
  expect(await world.look('race')).toHaveLength(2)
  await world.session.destroy(owner, key('race'), never)
  await expect.poll(() => world.look('race')).toEqual([])
})

test('a list that lags shows neither what was just made nor that it was destroyed, for as long as declared', async () => {
  await using world = await lab({ lookup: 'eventual', settleMs: 300, seed: 5 })
  expect(world.session.capabilities).toMatchObject({ lookup: 'eventual', settleMs: 300 })
  const before = await soonerThan(300, async () => {
    await world.session.create(key('lag'), request('lag'), never)
    return world.look('lag')
  })
  expect(before ?? []).toEqual([])
  await expect.poll(() => world.look('lag')).toHaveLength(1)
  await world.session.destroy(owner, key('lag'), never)
  await expect.poll(() => world.look('lag')).toEqual([])
})

test('a world refuses a wrong token, and a world that ended refuses everybody', async () => {
  const world = await lab()
  const { callerOf } = await import('./daemon/client.ts')
  const { readAddress } = await import('./daemon/start.ts')
  const address = await readAddress(world.folder)
  const thief = callerOf({ ...address, token: 'guessed' })
  await expect(thief.call('hosts', {})).rejects.toMatchObject({ kind: 'denied', outcome: 'none' })
  await thief.close()
  await stopWorld(world.folder)
  await expect
    .poll(() => world.look('x').catch((fault: unknown) => fault))
    .toMatchObject({ kind: 'transient', outcome: 'none' })
  await world[Symbol.asyncDispose]()
})

test('a world whose process ends before it answers is away, and nobody waits for it any longer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-world-'))
  await writeFile(join(folder, 'world.json'), 'not a world')
  // A clock that stands still: no patience is ever over.
  const patient = { ...seams, clock: { ...seams.clock, now: () => 0 } }
  await expect(simulated.connect(configSchema.parse({ folder }), patient)).rejects.toMatchObject({
    kind: 'transient',
    outcome: 'none',
  })
  await rm(folder, { recursive: true })
})

test('a world keeps its identity as long as its folder, and another folder is another server', async () => {
  const identities: string[] = []
  const folders = [await mkdtemp(join(tmpdir(), 'gantry-world-')), await mkdtemp(join(tmpdir(), 'gantry-world-'))]
  const [one = '', two = ''] = folders
  for (const folder of [one, one, two]) {
    await using session = await simulated.connect(configSchema.parse({ folder }), seams)
    identities.push((await session.probe(never)).identity)
    await stopWorld(folder)
  }
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  expect(identities[1]).toBe(identities[0])
  expect(identities[2]).not.toBe(identities[0])
})

test('two sessions that come at once share one world, and the world ends with its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gantry-world-'))
  const config = configSchema.parse({ folder })
  const sessions = await Promise.all([simulated.connect(config, seams), simulated.connect(config, seams)])
  await sessions[0]?.create(key('shared'), request('shared'), never)
  const seen = sessions[1]?.observe(owner, [{ key: key('shared') }], never)
  expect(seen && (await Array.fromAsync(seen))).toHaveLength(1)
  const control = await worldControl(folder)
  await rm(folder, { recursive: true })
  await expect.poll(() => control.machines().catch(() => 'ended')).toBe('ended')
  await control.close()
  for (const session of sessions) await session[Symbol.asyncDispose]()
})
