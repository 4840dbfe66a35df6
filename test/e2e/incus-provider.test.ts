// The rules of the provider contract against a real Incus, looked at from outside with Incus' own client and ssh.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import {
  configSchema,
  type IncusConfig,
  type IncusMachineSpec,
  machineSpecSchema,
} from '../../providers/incus/config.ts'
import { incus } from '../../providers/incus/index.ts'
import { nativeName } from '../../providers/incus/tags.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Observed, OwnerTag, ResourceKey, Session } from '../../src/provider/contract.ts'
import { type Lab, providerConfig, startLab } from '../lab/incus/lab.ts'
import { instanceConfigSchema } from './judge.ts'
import { type Asked, eventually, machineRequest, seams, ssh } from './support.ts'

let lab: Lab
let config: IncusConfig
let session: Session<IncusMachineSpec>
let zone: string
const owner = newId('installation', seams) as string as OwnerTag
const own = machineSpecSchema.parse(undefined)
const signal = new AbortController().signal

beforeAll(async () => {
  lab = await startLab()
  config = configSchema.parse(await providerConfig(lab.facts))
  session = await incus.connect(config, seams)
  const [host] = await Array.fromAsync(session.inventory(signal))
  zone = host?.zone ?? ''
})

afterEach(async () => {
  for await (const { key } of session.list(owner, signal)) await session.destroy(owner, key, signal)
})

afterAll(async () => {
  await session[Symbol.asyncDispose]()
  await lab[Symbol.asyncDispose]()
})

const key = (member: string) => `${owner}/0/plt_e2e/${member}@1` as ResourceKey
const ask = (hostname: string): Asked => machineRequest(lab.facts, owner, zone, hostname)
const create = (member: string, { request }: Asked, by = session, until = signal) =>
  by.create(key(member), { ...request, own }, until)

function observe(...members: string[]): Promise<Observed[]> {
  return Array.fromAsync(
    session.observe(
      owner,
      members.map((member) => ({ key: key(member) })),
      signal,
    ),
  )
}

const instancesSchema = z.array(
  z.object({ name: z.string(), status: z.string(), created_at: z.string(), config: instanceConfigSchema }),
)
async function instances() {
  return instancesSchema.parse(JSON.parse(await lab.incus('list', '--all-projects', '--format', 'json')))
}
const ourNames = async () =>
  (await instances()).filter((i) => i.config['user.gantry.owner'] === owner).map((i) => i.name)

test('a server tells its version, what we may not do, and one zone with one host and its capacity', async () => {
  const health = await session.probe(signal)
  expect(health.version).toMatch(/^incus 6\./)
  expect(health.missingRights).toEqual([])
  expect(health.identity).toBe(`${lab.facts.serverFingerprint}/${config.project}`)
  const hosts = await Array.fromAsync(session.inventory(signal))
  expect(hosts).toHaveLength(1)
  expect(hosts[0]).toMatchObject({ name: zone, zone, state: 'ready' })
  const told = JSON.parse(await lab.incus('query', '/1.0/resources'))
  expect(hosts[0]?.capacity).toMatchObject({ cpu: told.cpu.total, memoryBytes: told.memory.total })
  expect(await session.hasImage?.(lab.facts.image, signal)).toBe(true)
  expect(await session.hasImage?.('no-such-image', signal)).toBe(false)
})

test('machines made together answer on their own addresses with the host key and the login key they were given', async () => {
  const names = ['manager-0', 'worker-0', 'worker-1']
  const asked = names.map((name) => ask(`team-a-${name}`))
  const refs = await Promise.all(names.map((name, i) => create(name, asked[i] ?? ask(name))))
  expect(refs).toEqual(names.map((name) => nativeName(key(name))))
  const seen = await observe(...names)
  expect(seen).toHaveLength(3)
  expect(new Set(seen.flatMap(({ endpoints }) => endpoints.map(({ address }) => address))).size).toBe(3)
  for (const [i, name] of names.entries()) {
    const machine = seen.find((one) => one.key === key(name))
    expect(machine).toMatchObject({ state: 'running', owner, specHash: `spec-of-team-a-${name}`, placement: { zone } })
    const { login, host } = asked[i] ?? ask(name)
    const at = {
      address: machine?.endpoints[0]?.address ?? '',
      user: lab.facts.loginUser,
      ...login,
      hostKey: host.publicKey,
    }
    const text = await eventually(
      15_000,
      () => ssh(at, 'hostname; sudo id -u; nproc; grep -c . ~/.ssh/authorized_keys; sudo cat /proc/1/comm'),
      (output) => output !== '',
    )
    expect(text.trim().split('\n')).toEqual([`team-a-${name}`, '0', '1', '1', 'systemd'])
  }
})

test('a repeated create is success and changes nothing, even asked twice at the same moment by two processes', async () => {
  const asked = ask('again')
  await using other = await incus.connect(config, seams)
  const [a, b] = await Promise.allSettled([create('again', asked), create('again', asked, other)])
  // The second may be told to come back; it may not be told that nothing happened, and there is never a second machine.
  for (const result of [a, b])
    if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'transient', outcome: 'done' })
  expect(await ourNames()).toEqual([nativeName(key('again'))])
  await create('again', asked)
  const one = async () => (await instances()).find((instance) => instance.name === nativeName(key('again')))
  const before = await one()
  expect(await create('again', asked, other)).toBe(nativeName(key('again')))
  expect(await one()).toEqual(before)
  expect((await observe('again'))[0]?.state).toBe('running')
})

test("a stranger's machine under our name is refused by create, left alone by destroy, and not seen as ours", async () => {
  const name = nativeName(key('stranger'))
  await lab.incus('create', lab.facts.image, name, '--storage', lab.facts.pool)
  try {
    await expect(create('stranger', ask('stranger'))).rejects.toMatchObject({ kind: 'nameTaken', outcome: 'none' })
    await expect(session.destroy(owner, key('stranger'), signal)).rejects.toMatchObject({ kind: 'nameTaken' })
    expect(await observe('stranger')).toEqual([])
    expect(await Array.fromAsync(session.list(owner, signal))).toEqual([])
    expect((await instances()).map((instance) => instance.name)).toContain(name)
    // One of ours for another installation's key is a stranger's too.
    await lab.incus('config', 'set', name, 'user.gantry.owner=ins_other', `user.gantry.key=${key('stranger')}`)
    await expect(session.destroy(owner, key('stranger'), signal)).rejects.toMatchObject({ kind: 'nameTaken' })
    expect((await instances()).map((instance) => instance.name)).toContain(name)
  } finally {
    await lab.incus('delete', '--force', name)
  }
})

test('two processes share a range of addresses without giving one twice; a full range is no capacity, and nothing stays', async () => {
  if (config.network.kind !== 'static') throw new Error('the lab gives addresses by range')
  const small: IncusConfig = { ...config, network: { ...config.network, from: '10.99.2.1', to: '10.99.2.3' } }
  await using one = await incus.connect(small, seams)
  await using other = await incus.connect(small, seams)
  await Promise.all([create('a-0', ask('a-0'), one), create('a-1', ask('a-1'), other), create('a-2', ask('a-2'), one)])
  const addresses = (await observe('a-0', 'a-1', 'a-2')).flatMap(({ endpoints }) =>
    endpoints.map(({ address }) => address),
  )
  expect(addresses.sort()).toEqual(['10.99.2.1', '10.99.2.2', '10.99.2.3'])
  await expect(create('a-3', ask('a-3'), other)).rejects.toMatchObject({ kind: 'capacity', outcome: 'none' })
  expect(await observe('a-3')).toEqual([])
})

test('a create cut off at any moment is finished by the next one, and the machine is whole', async () => {
  const asked = ask('cut')
  for (const cutAfterMs of [30, 400, 900, 1500, 2200, 2800]) {
    const cut = new AbortController()
    const made = create('cut', asked, session, cut.signal)
    await Promise.race([made, seams.clock.sleep(cutAfterMs)])
    cut.abort(new Error('cut'))
    await made.catch(() => undefined)
    await using next = await incus.connect(config, seams)
    await create('cut', asked, next)
    const [machine] = await observe('cut')
    expect(machine?.state).toBe('running')
    const at = {
      address: machine?.endpoints[0]?.address ?? '',
      user: lab.facts.loginUser,
      ...asked.login,
      hostKey: asked.host.publicKey,
    }
    expect(
      await eventually(
        15_000,
        () => ssh(at, 'hostname'),
        (output) => output !== '',
      ),
    ).toBe('cut\n')
    await next.destroy(owner, key('cut'), signal)
    expect(await ourNames()).toEqual([])
  }
}, 600_000)

test('a machine that was stopped is seen as stopped, and started again only by a power call', async () => {
  const asked = ask('power')
  const ref = await create('power', asked)
  await lab.incus('stop', '--force', ref)
  expect((await observe('power'))[0]?.state).toBe('stopped')
  await create('power', asked)
  expect((await observe('power'))[0]?.state).toBe('stopped')
  await switched('power', 'on', 'Running')
})

/** Sends a power call and waits until Incus' own client says so; then the next look must say it too. */
async function switched(member: string, to: 'on' | 'off' | 'shutdown' | 'reset', status: 'Running' | 'Stopped') {
  await session.power?.(owner, key(member), to, signal)
  await eventually(
    40_000,
    async () => (await instances()).find(({ name }) => name === nativeName(key(member)))?.status,
    (now) => now === status,
  )
  expect((await observe(member))[0]?.state).toBe(status === 'Running' ? 'running' : 'stopped')
}

test('power calls lead to what they ask for from wherever a machine is, twice too; who is stopped keeps address and disk', async () => {
  const asked = ask('switch')
  await create('switch', asked)
  const [before] = await observe('switch')
  const at = {
    address: before?.endpoints[0]?.address ?? '',
    user: lab.facts.loginUser,
    ...asked.login,
    hostKey: asked.host.publicKey,
  }
  const kept = (command: string) =>
    eventually(
      15_000,
      () => ssh(at, command),
      (text) => text === 'kept\n',
    )
  await kept('echo kept | tee word; sync')
  await switched('switch', 'shutdown', 'Stopped')
  await switched('switch', 'off', 'Stopped')
  // All it was asked for is still told, and it is in every list.
  expect((await observe('switch'))[0]).toEqual({ ...before, state: 'stopped' })
  expect((await Array.fromAsync(session.list(owner, signal))).map(({ state }) => state)).toEqual(['stopped'])
  await switched('switch', 'on', 'Running')
  await switched('switch', 'on', 'Running')
  await kept('cat word')
  const uptime = async () => Number((await ssh(at, 'cat /proc/1/stat')).split(' ')[21])
  const started = await uptime()
  await session.power?.(owner, key('switch'), 'reset', signal)
  await eventually(15_000, uptime, (now) => now > started)
  await kept('cat word')
  await switched('switch', 'off', 'Stopped')
  await switched('switch', 'reset', 'Running')
})

test("power of a machine that is gone says so, and a stranger's is left as it is", async () => {
  await create('gone', ask('gone'))
  await session.destroy(owner, key('gone'), signal)
  for (const to of ['on', 'off', 'shutdown', 'reset'] as const)
    await expect(session.power?.(owner, key('gone'), to, signal)).rejects.toMatchObject({ kind: 'gone' })
  const name = nativeName(key('theirs'))
  await lab.incus('create', lab.facts.image, name, '--storage', lab.facts.pool)
  try {
    await expect(session.power?.(owner, key('theirs'), 'on', signal)).rejects.toMatchObject({ kind: 'nameTaken' })
    expect((await instances()).find((one) => one.name === name)?.status).toBe('Stopped')
  } finally {
    await lab.incus('delete', '--force', name)
  }
})

test('a machine is of the request that made it until somebody changes it, and again when it is changed back', async () => {
  const ref = await create('changed', ask('changed'))
  const specOf = async () => (await observe('changed'))[0]?.specHash
  expect(await specOf()).toBe('spec-of-changed')
  const limit = (await lab.incus('config', 'get', ref, 'limits.memory')).trim()
  await lab.incus('config', 'set', ref, 'limits.memory=1GiB')
  expect(await specOf()).not.toBe('spec-of-changed')
  await lab.incus('config', 'set', ref, `limits.memory=${limit}`)
  expect(await specOf()).toBe('spec-of-changed')
  await lab.incus('config', 'device', 'add', ref, 'files', 'disk', 'source=/tmp', 'path=/mnt')
  expect(await specOf()).not.toBe('spec-of-changed')
  await switched('changed', 'off', 'Stopped')
  await switched('changed', 'on', 'Running')
  expect(await specOf()).not.toBe('spec-of-changed')
})

test('a machine that somebody freezes or copies goes on: frozen it runs, and the copy is none of ours', async () => {
  const ref = await create('kept', ask('kept'))
  await lab.incus('pause', ref)
  expect((await observe('kept'))[0]?.state).toBe('running')
  await session.power?.(owner, key('kept'), 'on', signal)
  await eventually(
    10_000,
    async () => (await instances()).find(({ name }) => name === ref)?.status,
    (status) => status === 'Running',
  )
  const copy = 'backup-of-kept'
  await lab.incus('copy', ref, copy, '--instance-only')
  try {
    expect((await instances()).find(({ name }) => name === copy)?.config['user.gantry.owner']).toBe(owner)
    expect((await Array.fromAsync(session.list(owner, signal))).map((seen) => seen.ref)).toEqual([ref])
    await session.destroy(owner, key('kept'), signal)
    expect(await observe('kept')).toEqual([])
    expect((await instances()).map(({ name }) => name)).toContain(copy)
  } finally {
    await lab.incus('delete', '--force', copy)
  }
})

test('a create is seen from the moment the server has taken it: there is no time at which its machine looks absent', async () => {
  const made = create('seen', ask('seen'))
  await eventually(
    10_000,
    () => observe('seen'),
    (seen) => seen.length > 0,
  )
  let over = false
  const ended = made.finally(() => {
    over = true
  })
  const states = new Set<string>()
  while (!over) for (const { state } of await observe('seen').then((seen) => orAbsent(seen))) states.add(state)
  await ended
  expect([...states].sort()).not.toContain('absent')
})

/** What was seen, or that nothing was. */
const orAbsent = (seen: readonly Observed[]) => (seen.length > 0 ? seen : [{ state: 'absent' }])

test('a machine that may not be deleted says so, and can be when it may', async () => {
  const ref = await create('held', ask('held'))
  await lab.incus('config', 'set', ref, 'security.protection.delete=true')
  await expect(session.destroy(owner, key('held'), signal)).rejects.toMatchObject({
    kind: 'denied',
    message: expect.stringContaining('protected'),
  })
  await lab.incus('snapshot', 'create', ref, 'before')
  await lab.incus('config', 'unset', ref, 'security.protection.delete')
  await session.destroy(owner, key('held'), signal)
  expect(await observe('held')).toEqual([])
})

test('many keys are answered as one by one: only those that are there, only ours', async () => {
  await create('many-0', ask('many-0'))
  const members = ['many-0', ...Array.from({ length: 20 }, (_, i) => `absent-${i}`)]
  expect((await observe(...members)).map(({ key: seen }) => seen)).toEqual([key('many-0')])
  expect(await observe('many-0')).toEqual(await observe(...members))
  expect(await Array.fromAsync(session.list(owner, signal))).toEqual(await observe('many-0'))
  const others = 'ins_nobody' as OwnerTag
  expect(await Array.fromAsync(session.list(others, signal))).toEqual([])
  expect(await Array.fromAsync(session.observe(others, [{ key: key('many-0') }], signal))).toEqual([])
})

test('destroy is success for what is absent, and for what is running it ends in absence', async () => {
  await session.destroy(owner, key('nothing'), signal)
  await create('gone', ask('gone'))
  await session.destroy(owner, key('gone'), signal)
  await session.destroy(owner, key('gone'), signal)
  expect(await observe('gone')).toEqual([])
  expect(await ourNames()).toEqual([])
})

test('a request that cannot be met is rejected and says why; what was made for it can be destroyed', async () => {
  const { request } = ask('wrong')
  const image = session.create(key('wrong'), { ...request, image: 'no-such-image', own }, signal)
  await expect(image).rejects.toMatchObject({ kind: 'rejected', outcome: 'none' })
  const badKey = session.create(key('wrong'), { ...request, own: { ...own, config: { 'limits.nope': '1' } } }, signal)
  await expect(badKey).rejects.toMatchObject({
    kind: 'rejected',
    outcome: 'none',
    message: expect.stringContaining('limits.nope'),
  })
  const elsewhere = session.create(key('wrong'), { ...request, zone: 'no-such-zone', host: null, own }, signal)
  await expect(elsewhere).rejects.toMatchObject({ kind: 'rejected', outcome: 'none' })
  expect(await ourNames()).toEqual([])
  const user = session.create(key('wrong'), { ...request, loginUser: 'nobody-here', own }, signal)
  await expect(user).rejects.toMatchObject({
    kind: 'rejected',
    outcome: 'done',
    message: expect.stringContaining('nobody-here'),
  })
  expect((await observe('wrong'))[0]?.state).toBe('creating')
  await session.destroy(owner, key('wrong'), signal)
  expect(await observe('wrong')).toEqual([])
})

test('a wrong address, a wrong fingerprint and an untrusted certificate each say what they are, and nothing was sent', async () => {
  const connect = (changes: Partial<IncusConfig>) => incus.connect({ ...config, ...changes }, seams)
  await expect(connect({ url: 'https://127.0.0.1:1' })).rejects.toMatchObject({ kind: 'transient', outcome: 'none' })
  await expect(connect({ url: undefined, socket: '/nowhere/unix.socket' })).rejects.toMatchObject({
    kind: 'transient',
    outcome: 'none',
  })
  await expect(connect({ serverFingerprint: '0'.repeat(64) })).rejects.toMatchObject({
    kind: 'denied',
    message: expect.stringContaining(lab.facts.serverFingerprint),
  })
  // The server's own certificate is no client of its own.
  await expect(connect({ serverFingerprint: undefined })).rejects.toMatchObject({
    kind: 'transient',
    message: expect.stringMatching(/self.signed/i),
  })
  const stranger = await strangersCertificate()
  await expect(connect(stranger)).rejects.toMatchObject({
    kind: 'denied',
    outcome: 'none',
    message: expect.stringContaining('trust'),
  })
  await using bySocket = await incus.connect({ ...config, url: undefined, socket: lab.facts.socket }, seams)
  const { version, identity } = await session.probe(signal)
  expect(await bySocket.probe(signal)).toMatchObject({ version, identity })
})

async function strangersCertificate(): Promise<Pick<IncusConfig, 'clientCertificate' | 'clientKey'>> {
  const { execFileSync } = await import('node:child_process')
  const pem = execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=stranger -keyout - -out -'.split(
      ' ',
    ),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const part = (label: RegExp) => pem.match(label)?.[0] ?? ''
  return {
    clientKey: part(/-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----\n/),
    clientCertificate: part(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n/),
  }
}
