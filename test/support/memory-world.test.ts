import { expect, test } from 'vitest'
import type { MachineRequest, Observed, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { memoryRemote } from './memory-remote.ts'
import { memorySession, memoryWorld } from './memory-world.ts'
import { makeKeyPair } from './ssh-keys.ts'
import { virtualClock } from './virtual-clock.ts'

const never = new AbortController().signal
const login = makeKeyPair()
const host = makeKeyPair()
const owner = 'ins_test' as OwnerTag

function key(name: string): ResourceKey {
  return `ins_test/0/plt_1/${name}@1` as ResourceKey
}

function request(name: string, extra: Partial<MachineRequest> = {}): MachineRequest & { own: unknown } {
  return {
    owner,
    hostname: name,
    resources: { cpu: 2, memoryBytes: 2 ** 31, diskBytes: 2 ** 34 },
    image: 'debian-12',
    zone: 'zone-a',
    host: null,
    spreadGroup: null,
    networks: [],
    loginUser: 'admin',
    authorizedKey: login.publicKey,
    hostKey: host,
    specHash: 'h1',
    own: {},
    ...extra,
  }
}

function lab(input: Parameters<typeof memoryWorld>[1] = {}) {
  const clock = virtualClock()
  const world = memoryWorld(clock, { jitter: 0, ...input })
  const session = memorySession(world)
  const remote = memoryRemote(world)
  const look = async (name: string): Promise<Observed[]> =>
    Array.fromAsync(session.observe(owner, [{ key: key(name) }], never))
  const boot = async (name: string) => {
    await clock.runUntil(session.create(key(name), request(name), never))
    await clock.advance(1_500)
    const [seen] = await look(name)
    if (seen === undefined) throw new Error('not seen')
    return {
      incarnation: `mch_${name}`,
      endpoints: seen.endpoints,
      user: 'admin',
      hostKey: host.publicKey,
      privateKeyPem: login.privateKeyPem,
    }
  }
  return { clock, world, session, remote, look, boot }
}

function attempt(script: string, extra: object = {}) {
  return {
    id: 'att_1',
    stepKey: 'script/m@1/s',
    fence: 1,
    fenceScope: 'plt_1',
    script,
    env: { WHO: 'world' },
    secretEnv: { PASSWORD: 'top-secret-word' },
    timeoutMs: 60_000,
    mustGive: [],
    ...extra,
  }
}

test('a machine boots by the virtual clock, and is gone some time after its destruction was accepted', async () => {
  const { clock, session, look } = lab({ bootMs: 1_000, destroyMs: 200 })
  await clock.runUntil(session.create(key('m'), request('m'), never))
  expect((await look('m')).map((seen) => seen.state)).toEqual(['creating'])
  await clock.advance(1_000)
  expect((await look('m')).map((seen) => seen.state)).toEqual(['running'])
  await clock.runUntil(session.destroy(owner, key('m'), never))
  expect((await look('m')).map((seen) => seen.state)).toEqual(['deleting'])
  await clock.advance(200)
  expect(await look('m')).toEqual([])
})

test('a create whose reply is lost takes effect, and the repeat finds it', async () => {
  const { clock, world, session, look } = lab({ faults: { loseCreateReplies: 1 } })
  await expect(clock.runUntil(session.create(key('m'), request('m'), never))).rejects.toMatchObject({
    outcome: 'unknown',
  })
  await clock.runUntil(session.create(key('m'), request('m'), never))
  expect(await look('m')).toHaveLength(1)
  expect(world.living()).toHaveLength(1)
})

test('a script runs once, its outputs and log are kept, and a second start finds it ended', async () => {
  const { clock, remote, boot } = lab()
  const target = await boot('m')
  const script = 'echo "hello $WHO"; sleep 30; echo "RESULT=$PASSWORD" >> "$GANTRY_OUTPUT"; exit 3'
  const first = await clock.runUntil(remote.start(target, [attempt(script)], 1_000, never))
  expect(first).toEqual({ kind: 'running', logBytes: 'hello world\n'.length })
  const second = await clock.runUntil(remote.start(target, [attempt(script)], 60_000, never))
  expect(second).toMatchObject({ kind: 'ended', exitCode: 3, outputs: { RESULT: 'top-secret-word' } })
  const log = await clock.runUntil(remote.log(target, 'att_1', 0, 1_000, never))
  expect(new TextDecoder().decode(log)).toBe('hello world\n')
  expect(remote.starts).toHaveLength(1)
  expect(remote.startedTwice()).toEqual([])
})

test('a lower fence than the highest seen is refused, and starts nothing', async () => {
  const { clock, remote, boot } = lab()
  const target = await boot('m')
  await clock.runUntil(remote.start(target, [attempt('true', { fence: 5 })], 1_000, never))
  const late = remote.start(target, [attempt('true', { id: 'att_2', fence: 4 })], 1_000, never)
  await expect(clock.runUntil(late)).rejects.toMatchObject({ kind: 'fenced' })
  expect(remote.starts).toHaveLength(1)
})

test('a script that takes too long is ended with 124', async () => {
  const { clock, remote, boot } = lab()
  const target = await boot('m')
  const status = await clock.runUntil(remote.start(target, [attempt('sleep 600', { timeoutMs: 5_000 })], 30_000, never))
  expect(status).toMatchObject({ kind: 'ended', exitCode: 124 })
})

test('a machine that reboots loses its attempt, one that dies answers no more', async () => {
  const { clock, world, remote, boot } = lab()
  const target = await boot('m')
  await clock.runUntil(remote.start(target, [attempt('sleep 600')], 0, never))
  const [machine] = world.living()
  if (machine === undefined) throw new Error('no machine')
  world.reset(machine)
  await expect(clock.runUntil(remote.look(target, 'att_1', 0, never))).rejects.toMatchObject({ kind: 'unreachable' })
  await clock.advance(1_500)
  expect(await clock.runUntil(remote.look(target, 'att_1', 0, never))).toMatchObject({ kind: 'lost' })
  world.kill(machine, 'silent')
  await expect(clock.runUntil(remote.prove(target, never))).rejects.toMatchObject({ kind: 'unreachable' })
})

test('a wrong host key, a wrong login key and a wrong user are told apart from a dead machine', async () => {
  const { clock, remote, boot } = lab()
  const target = await boot('m')
  const other = makeKeyPair()
  const prove = (change: object) => clock.runUntil(remote.prove({ ...target, ...change }, never))
  await expect(prove({ hostKey: other.publicKey })).rejects.toMatchObject({ kind: 'hostKeyChanged' })
  await expect(prove({ privateKeyPem: other.privateKeyPem })).rejects.toMatchObject({ kind: 'loginDenied' })
  await expect(prove({ user: 'root' })).rejects.toMatchObject({ kind: 'loginDenied' })
  await expect(prove({})).resolves.toBeUndefined()
})

test('the same seed gives the same history', async () => {
  const history = async (): Promise<unknown> => {
    const clock = virtualClock(3)
    const world = memoryWorld(clock, { seed: 9, jitter: 0.5 })
    const session = memorySession(world)
    for (const name of ['a', 'b', 'c']) await clock.runUntil(session.create(key(name), request(name), never))
    return world.living().map((machine) => [machine.ref, machine.host, machine.readyAt])
  }
  expect(await history()).toEqual(await history())
})
