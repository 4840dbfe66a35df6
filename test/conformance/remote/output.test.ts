// A script that prints without end, over real SSH and a real shell: it ends as it ends, and its log is cut and says so.

import { expect, test } from 'vitest'
import { sshRemote } from '../../../src/bootstrap/index.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { attemptOf } from './harness.ts'
import { localMachine } from './local-machine.ts'

const signal = new AbortController().signal
const mostLogBytes = 16 * 2 ** 20

test('100 MB of output neither hang nor fail a script: its end is told, and its log is cut with a note', async () => {
  await using machine = await localMachine()
  await using remote = sshRemote(realSeams())
  const script = "head -c 100000000 /dev/zero | tr '\\0' x\nexit 3"
  const attempt = { ...attemptOf(machine, 'att_a', { exit: 3 }), script, timeoutMs: 60_000 }
  let status = await remote.start(machine.target, [attempt], 2_000, signal)
  while (status.kind === 'running') status = await remote.look(machine.target, 'att_a', 2_000, signal)
  if (status.kind !== 'ended') throw new Error(`it is ${status.kind}`)
  expect(status.exitCode).toBe(3)
  expect(status.logBytes).toBeLessThanOrEqual(mostLogBytes)
  const end = await remote.log(machine.target, 'att_a', status.logBytes - 200, 200, signal)
  expect(Buffer.from(end).toString()).toContain('more bytes were dropped')
})
