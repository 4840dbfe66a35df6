// Whoever answers is not who answered before.

import { expect, test } from 'vitest'
import { sshMachine } from './machine.ts'
import { scene, signal } from './scene.ts'

test('a machine whose host key changed is refused by its new key before our key is shown, until it has the old one', async () => {
  await using on = await scene()
  expect(await on.start('att_a', on.mark)).toMatchObject({ kind: 'ended' })
  const old = await on.machine.run('cat /etc/ssh/host_key')
  await on.machine.changeHostKey()
  on.remote.forget(on.machine.target.incarnation)
  const shown = (await on.machine.run('ssh-keygen -y -f /etc/ssh/host_key')).trim()
  await expect(on.start('att_b', on.mark)).rejects.toMatchObject({
    kind: 'hostKeyChanged',
    message: `127.0.0.1:${on.machine.wire.endpoint.port} showed the host key ${shown.split(' ').slice(0, 2).join(' ')}`,
  })
  expect(on.machine.log.match(/Accepted publickey/g)).toHaveLength(1)
  await on.machine.changeHostKey(old)
  expect(await on.look('att_b')).toEqual({ kind: 'absent' })
  expect(await on.marks()).toBe(1)
})

test('a machine that changes its host key under a connection that stands is refused by the next connection', async () => {
  await using on = await scene()
  await on.remote.prove(on.machine.target, signal)
  await on.machine.changeHostKey()
  expect(await on.look('att_a')).toEqual({ kind: 'absent' })
  on.machine.wire.cut()
  await expect.poll(() => on.look('att_a').catch((error: Error) => error)).toMatchObject({ kind: 'hostKeyChanged' })
})

test('a machine that has only a host key of another kind is refused as one whose key changed', async () => {
  await using on = await scene()
  await on.machine.run('rm /etc/ssh/host_key && ssh-keygen -q -t rsa -b 2048 -N "" -f /etc/ssh/host_key')
  await on.machine.reboot()
  await expect(on.remote.prove(on.machine.target, signal)).rejects.toMatchObject({ kind: 'hostKeyChanged' })
})

test('a stranger at the address, with a key of ours in his list, is not spoken to', async () => {
  await using on = await scene()
  await using other = await sshMachine()
  const target = { ...on.machine.target, endpoints: other.target.endpoints }
  await expect(on.remote.prove(target, signal)).rejects.toMatchObject({ kind: 'hostKeyChanged' })
  expect(other.log).not.toContain('Accepted')
})
