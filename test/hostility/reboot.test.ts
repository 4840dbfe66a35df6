// A machine that loses power in the middle of things, and comes back as itself.

import { expect, test } from 'vitest'
import { scene } from './scene.ts'

test.each([['root'], ['debian']])(
  'a machine rebooted in mid-script (%s) tells that it was cut off, and by what',
  async (user) => {
    await using on = await scene({ user })
    expect(await on.start('att_0', 'exit 5')).toMatchObject({ kind: 'ended' })
    const hold = `${on.mark}\nwhile true; do sleep 0.05; done`
    expect((await on.start('att_a', hold, 0)).kind).toBe('running')
    await expect.poll(() => on.marks()).toBe(1)
    await on.machine.reboot()
    expect(await on.look('att_a', 30_000)).toEqual({
      kind: 'lost',
      detail: 'the machine was started again',
      logBytes: 0,
    })
    expect(await on.start('att_a', hold)).toMatchObject({ kind: 'lost' })
    expect(await on.look('att_0')).toMatchObject({ kind: 'ended', exitCode: 5 })
    expect(await on.start('att_b', on.mark)).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect(await on.marks()).toBe(2)
  },
)

test('a script that reboots its own machine is lost, not failed and not done', async () => {
  await using on = await scene()
  const written = 'until [ -s /var/lib/gantry/attempts/att_a/log ]; do sleep 0.02; done'
  const asked = on
    .start('att_a', `echo last words\n${written}\n${on.mark}\nkill -9 -1\nsleep 60`)
    .catch((error: unknown) => error)
  await expect.poll(() => on.marks()).toBe(1)
  await on.machine.halt()
  await asked
  await on.machine.boot()
  expect(await on.look('att_a', 30_000)).toMatchObject({ kind: 'lost' })
  expect(await on.log('att_a')).toBe('last words\n')
})

test('a machine that is away while it boots is unreachable, and its attempt is where it was', async () => {
  await using on = await scene()
  await on.start('att_a', 'exit 3')
  await on.machine.halt()
  await expect.poll(() => on.look('att_a').catch((error: Error) => error)).toMatchObject({ kind: 'unreachable' })
  await on.machine.boot()
  expect(await on.look('att_a')).toMatchObject({ kind: 'ended', exitCode: 3 })
})

test('a machine that comes back with the same process numbers does not take another process for the script', async () => {
  await using on = await scene()
  // The first processes of a life have the same numbers as those of the life before.
  await on.start('att_a', `${on.mark}\nsleep 600`, 0)
  await expect.poll(() => on.marks()).toBe(1)
  await on.machine.reboot()
  await on.start('att_b', 'sleep 600', 0)
  expect(await on.look('att_a')).toMatchObject({ kind: 'lost' })
})
