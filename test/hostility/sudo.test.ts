// Logins that may not do what we need: sudo that asks, sudo that is not there, accounts that are closed.

import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { MachineOptions } from './machine.ts'
import { type Scene, scene } from './scene.ts'

const user = 'debian'

describe('a login user', () => {
  test.each<[string, string, RegExp]>([
    ['whose sudo asks for a password', 'ALL=(ALL) ALL', /sudo: a password is required/],
    ['whom sudo does not know', '', /sudo: a password is required|not in the sudoers/],
    ['who may sudo only one command', 'ALL=(ALL) NOPASSWD: /usr/bin/true', /sudo: a password is required|not allowed/],
    ['whose sudo wants a terminal', 'ALL=(ALL) NOPASSWD: ALL\nDefaults requiretty', /sudo: .*tty/],
    ['whose sudoers file is broken', 'ALL=(ALL NOPASSWD: ALL', /sudo/],
  ])('%s is told so at once, and works once a person has mended it', async (_what, sudoers, words) => {
    await using on = await scene({ user, sudoers })
    await expect(on.start('att_a', on.mark)).rejects.toMatchObject({
      kind: 'sudoDenied',
      message: expect.stringMatching(words),
    })
    await on.machine.setSudoers('ALL=(ALL) NOPASSWD: ALL')
    expect(await on.start('att_a', on.mark)).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect(await on.marks()).toBe(1)
  })

  test('without any sudo on the machine is told so', async () => {
    await using on = await scene({ user, login: { bashrc: 'PATH=/usr/local/bin\n' } })
    await on.machine.run('mount -t tmpfs none /usr/local/bin && ln -s /usr/bin/env /bin/sh /usr/local/bin/')
    await expect(on.look('att_a')).rejects.toMatchObject({ kind: 'sudoDenied', message: expect.stringMatching(/sudo/) })
  })
})

describe('a machine', () => {
  const nothing = async () => undefined
  const closed = /closed the connection when we logged in as debian: /
  test.each<[string, MachineOptions, (on: Scene) => Promise<unknown>, string, RegExp]>([
    [
      'that does not know our key',
      { authorizedKey: 'ssh-ed25519 AAAA nobody' },
      nothing,
      'loginDenied',
      /methods failed/,
    ],
    ['whose login user is locked', {}, (on) => on.machine.run(`usermod -e 1 ${user}`), 'unreachable', closed],
    ['that is still booting', {}, (on) => on.machine.run('echo booting up > /run/nologin'), 'unreachable', closed],
    [
      'whose user must change a password',
      {},
      (on) => on.machine.run(`chage -d 0 ${user}`),
      'protocol',
      /Password change/,
    ],
    ['that opens no sessions', { sshd: ['MaxSessions 0'] }, nothing, 'protocol', /opens no channel/],
    ['that takes no more logins', { sshd: ['MaxStartups 1:100:1'] }, occupied, 'unreachable', /./],
  ])('%s says so, and runs nothing', async (_what, options, hostile, kind, words) => {
    await using on = await scene({ user, ...options })
    await hostile(on)
    await expect(on.start('att_a', on.mark)).rejects.toMatchObject({ kind, message: expect.stringMatching(words) })
    expect(await on.marks()).toBe(0)
  })

  test('that has booted takes the login it refused before', async () => {
    await using on = await scene({ user })
    await on.machine.run('echo "System is booting up." > /run/nologin')
    await expect(on.start('att_a', on.mark)).rejects.toMatchObject({
      message: expect.stringMatching(/System is booting/),
    })
    await on.machine.run('rm /run/nologin')
    expect(await on.start('att_a', on.mark)).toMatchObject({ kind: 'ended', exitCode: 0 })
  })
})

/** Somebody else keeps the only login waiting that the machine takes at a time. */
async function occupied({ machine }: Scene): Promise<void> {
  const { address, port } = machine.wire.endpoint
  const socket = connect({ host: address, port })
  await new Promise((resolve) => socket.once('data', resolve))
}
