// Machines that mistake the year. What is timed on them is timed by the kernel, and nothing of ours compares their time.

import { expect, test } from 'vitest'
import { scene } from './scene.ts'

const dayS = 86_400

test.each(['+365d', '-365d', '@2038-01-20 00:00:00', '@1999-12-31 23:59:59'])(
  'a machine whose clock says %s runs scripts, ends them in time and tells all of it',
  async (offset) => {
    await using on = await scene({ clock: offset })
    const script = `${on.mark}\nsleep 0.3\necho at=$(date +%s) >> "$GANTRY_OUTPUT"\necho said`
    const status = await on.start('att_a', script)
    expect(status).toMatchObject({ kind: 'ended', exitCode: 0, logBytes: 5 })
    // It is what it claims to be: a test on a machine that knows the time would prove nothing.
    const told = status.kind === 'ended' ? Number(status.outputs.at) : 0
    expect(Math.abs(told - Date.now() / 1000)).toBeGreaterThan(364 * dayS)
    expect(await on.start('att_late', 'sleep 60', 30_000, { timeoutMs: 500 })).toMatchObject({ exitCode: 124 })
    expect(await on.look('att_a')).toEqual(status)
    expect(await on.log('att_a')).toBe('said\n')
    expect(await on.marks()).toBe(1)
  },
)

test.each([
  ['+0', '+365d'],
  ['+0', '-365d'],
  ['-365d', '+0'],
])('a machine whose clock is set from %s to %s in mid-script ends it as if nothing had been', async (from, to) => {
  await using on = await scene({ clock: from })
  const go = `${on.machine.folder}/go`
  const script = `${on.mark}\nwhile [ ! -e ${go} ]; do sleep 0.05; done\nexit 6`
  expect((await on.start('att_a', script, 0, { timeoutMs: 90_000 })).kind).toBe('running')
  await expect.poll(() => on.marks()).toBe(1)
  await on.machine.setClock(to)
  const waited = await on.look('att_a', 1_000)
  expect(waited.kind).toBe('running')
  await on.machine.run(`touch ${go}`)
  expect(await on.end('att_a')).toMatchObject({ kind: 'ended', exitCode: 6 })
  expect(await on.start('att_b', 'exit 0', 30_000, { fence: 2 })).toMatchObject({ kind: 'ended', exitCode: 0 })
  expect(await on.marks()).toBe(1)
})
