import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RemoteFault, sshRemote } from '../../../src/bootstrap/index.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { attemptOf, type RemoteHarness } from './harness.ts'
import { type LocalMachine, type LocalMachineOptions, localMachine } from './local-machine.ts'
import { remoteConformance } from './suite.ts'

const signal = new AbortController().signal
const sudoThatWorks = '#!/bin/sh\n[ "$1" = -n ] && shift && exec "$@"\n'
const sudoThatAsks = '#!/bin/sh\necho "sudo: a password is required" >&2\nexit 1\n'

async function localHarness(options: LocalMachineOptions = {}): Promise<RemoteHarness<LocalMachine>> {
  const remote = sshRemote(realSeams())
  const machines: LocalMachine[] = []
  return {
    remote,
    machine: async () => {
      const machine = await localMachine(options)
      machines.push(machine)
      return machine
    },
    async [Symbol.asyncDispose]() {
      await remote[Symbol.asyncDispose]()
      for (const machine of machines) await machine[Symbol.asyncDispose]()
    },
  }
}

remoteConformance('ssh2 and /bin/sh', localHarness)
remoteConformance('a login user with sudo, and bash as sh', () =>
  localHarness({ user: 'debian', sudo: sudoThatWorks, shell: '/bin/bash' }),
)

describe('a machine over SSH', () => {
  test('whose login shell prints before and after every command is understood', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams())
    machine.noise('Welcome to 10.0.0.7\n@gantry 00 ended 0 0\nlast login: never')
    const attempt = attemptOf(machine, 'att_a', { print: 'text', exit: 4 })
    const status = await remote.start(machine.target, [attempt], 5_000, signal)
    expect(status).toEqual({ kind: 'ended', exitCode: 4, outputs: {}, logBytes: 4 })
    expect(Buffer.from(await remote.log(machine.target, 'att_a', 0, 10, signal)).toString()).toBe('text')
  })

  test('with another host key than the pinned one is refused before anything is sent', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams())
    machine.changeHostKey()
    const attempt = attemptOf(machine, 'att_a', { exit: 0 }, { secretEnv: { S: 'secret' } })
    await expect(remote.start(machine.target, [attempt], 0, signal)).rejects.toMatchObject({ kind: 'hostKeyChanged' })
    expect([machine.commands, machine.seen.logins]).toEqual([0, 0])
  })

  test('that changes its host key is not reached through the connection proven before', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams())
    await remote.prove(machine.target, signal)
    const repinned = { ...machine.target, hostKey: machine.strangersHostKey }
    await expect(remote.prove(repinned, signal)).rejects.toMatchObject({ kind: 'hostKeyChanged' })
  })

  test('that does not know our key denies the login', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams())
    await expect(remote.prove(machine.strangersTarget(), signal)).rejects.toMatchObject({ kind: 'loginDenied' })
  })

  test.each([
    ['whose sudo asks for a password', { user: 'debian', sudo: sudoThatAsks }, 'sudoDenied'],
    [
      'without sudo',
      { user: 'debian', sudo: '#!/bin/sh\necho "sudo: command not found" >&2\nexit 127\n' },
      'sudoDenied',
    ],
    ['whose login shell runs nothing', { shell: '/bin/false' }, 'protocol'],
  ] as const)('%s is the fault it is', async (_name, options, kind) => {
    await using machine = await localMachine(options)
    await using remote = sshRemote(realSeams())
    await expect(remote.look(machine.target, 'att_a', 0, signal)).rejects.toMatchObject({ kind })
  })

  test('whose disk takes nothing says so, and the attempt stays absent', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams())
    await writeFile(join(machine.root, 'var'), 'in the way')
    const attempt = attemptOf(machine, 'att_a', { exit: 0 })
    await expect(remote.start(machine.target, [attempt], 0, signal)).rejects.toMatchObject({ kind: 'noSpace' })
    expect(await remote.look(machine.target, 'att_a', 0, signal)).toEqual({ kind: 'absent' })
    expect(await machine.begun('att_a')).toBe(0)
  })

  test('that is not up, or accepts and says nothing, is unreachable within the limit', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams(), { connectMs: 200 })
    machine.hang()
    await expect(remote.prove(machine.target, signal)).rejects.toMatchObject({ kind: 'unreachable' })
    await machine.down()
    await expect(remote.prove(machine.target, signal)).rejects.toMatchObject({ kind: 'unreachable' })
  })

  test('is found at its second address, even when another machine answers at the first', async () => {
    await using machine = await localMachine()
    await using other = await localMachine()
    await using remote = sshRemote(realSeams())
    const endpoints = [...other.target.endpoints, ...machine.target.endpoints]
    expect(await remote.look({ ...machine.target, endpoints }, 'att_a', 0, signal)).toEqual({ kind: 'absent' })
    expect([other.commands, machine.commands]).toEqual([0, 1])
  })

  test('is asked by many callers over one handshake and at most eight channels', async () => {
    await using machine = await localMachine({ maxSessions: 8 })
    await using remote = sshRemote(realSeams())
    const looks = Array.from({ length: 30 }, () => remote.look(machine.target, 'att_a', 0, signal))
    expect(await Promise.all(looks)).toEqual(Array(30).fill({ kind: 'absent' }))
    expect([machine.seen.connections, machine.seen.refused]).toEqual([1, 0])
  })

  test('that opens fewer channels than we want is asked by fewer at once', async () => {
    await using machine = await localMachine({ maxSessions: 2 })
    await using remote = sshRemote(realSeams())
    const looks = Array.from({ length: 12 }, () => remote.look(machine.target, 'att_a', 0, signal))
    expect(await Promise.all(looks)).toEqual(Array(12).fill({ kind: 'absent' }))
    expect([machine.seen.connections, machine.commands]).toEqual([1, 12])
  })

  test('that nobody asks for a while loses its connection, and gets a new one when asked', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams(), { idleMs: 60 })
    await remote.prove(machine.target, signal)
    await expect.poll(() => machine.seen.open, { timeout: 5_000 }).toBe(0)
    expect(await remote.look(machine.target, 'att_a', 0, signal)).toEqual({ kind: 'absent' })
    expect(machine.seen.connections).toBe(2)
  })

  test('whose connection died unnoticed is looked at over a new one', async () => {
    await using machine = await localMachine()
    await using remote = sshRemote(realSeams())
    await remote.prove(machine.target, signal)
    machine.cutNext('beforeItRuns')
    expect(await remote.look(machine.target, 'att_a', 0, signal)).toEqual({ kind: 'absent' })
    expect(machine.seen.connections).toBe(2)
  })

  test('that never answers is a broken call, not an endless one', async () => {
    await using machine = await localMachine({ shell: '/bin/sh', hangs: true })
    await using remote = sshRemote(realSeams(), { answerMs: 150 })
    await expect(remote.look(machine.target, 'att_a', 0, signal)).rejects.toMatchObject({ kind: 'broken' })
  })

  test('is left in peace by a disposed remote, which serves nobody any more', async () => {
    await using machine = await localMachine()
    const remote = sshRemote(realSeams())
    await remote.prove(machine.target, signal)
    await remote[Symbol.asyncDispose]()
    await expect.poll(() => machine.seen.open, { timeout: 5_000 }).toBe(0)
    await expect(remote.prove(machine.target, signal)).rejects.toBeInstanceOf(RemoteFault)
  })
})
