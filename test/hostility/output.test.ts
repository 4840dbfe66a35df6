// Output without measure, over a real sshd.

import { expect, test } from 'vitest'
import { scene } from './scene.ts'

const mostLogBytes = 16 * 2 ** 20

test.each([
  ['to its log', ''],
  ['to its log from a child that outlives it', '& sleep 0.1'],
])('100 MB of output %s neither hang nor fail a script: its log is cut, and says so', async (_what, behind) => {
  await using on = await scene()
  const script = `head -c 100000000 /dev/zero | tr '\\0' x ${behind}\necho id=7 >> "$GANTRY_OUTPUT"\nexit 3`
  await on.start('att_a', script, 0)
  const status = await on.end('att_a')
  if (status.kind !== 'ended') throw new Error(`it is ${status.kind}`)
  expect(status).toMatchObject({ exitCode: 3, outputs: { id: '7' } })
  expect(status.logBytes).toBeLessThanOrEqual(mostLogBytes)
  if (behind) return
  const end = await on.log('att_a', status.logBytes - 200, 200)
  expect(end).toContain('more bytes were dropped')
  expect(
    Buffer.from(await on.remote.log(on.machine.target, 'att_a', 0, mostLogBytes, new AbortController().signal)),
  ).toHaveLength(status.logBytes)
})

test('100 MB of outputs are cut at a whole line, and the machine answers on', async () => {
  await using on = await scene()
  const script = `echo first=1 >> "$GANTRY_OUTPUT"\nyes name=value | head -c 100000000 >> "$GANTRY_OUTPUT"\nexit 0`
  expect(await on.start('att_a', script)).toMatchObject({ kind: 'ended', outputs: { first: '1', name: 'value' } })
})

test('a check that prints 100 MB tells the end of it', async () => {
  await using on = await scene()
  const said = await on.remote.check(
    on.machine.target,
    'yes | head -c 100000000; echo done; exit 2',
    30_000,
    new AbortController().signal,
  )
  expect(said.exitCode).toBe(2)
  expect(said.said.endsWith('done')).toBe(true)
})
