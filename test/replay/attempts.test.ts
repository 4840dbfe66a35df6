// Which recorded attempt a machine begins: one that was sent along and stopped in time was no beginning, and one that was
// recorded and never sent is found not begun by whoever stops it.

import { expect, test } from 'vitest'
import type { ScriptAttempt } from '../../src/bootstrap/remote.ts'
import { type Journal, type JournalAttempt, stoppedBefore } from '../../src/kernel/journal.ts'
import { replayChecks } from '../../src/replay/checks.ts'
import { replayClock } from '../../src/replay/clock.ts'
import type { ReplayCloud } from '../../src/replay/cloud.ts'
import { recordingOf } from '../../src/replay/recording.ts'
import { replayRemote } from '../../src/replay/remote.ts'

const step = 'script/node-0@1/tune'
const target = { endpoints: [{ address: '10.0.0.1', port: 22 }] } as never
const { signal } = new AbortController()

function attempt(id: string): ScriptAttempt {
  return {
    id,
    stepKey: step,
    fence: 1,
    fenceScope: 'plt_1',
    script: 'true',
    env: {},
    secretEnv: {},
    timeoutMs: 60_000,
    mustGive: [],
  }
}

const common = { line: 'attempt', step, number: 1, executor: 'node-0@1', outputs: {}, log: '' } as const
const unbegun = { ...common, outcome: 'abandoned', exitCode: null, detail: stoppedBefore } as const
const done = { ...common, outcome: 'done', exitCode: 0, detail: null } as const

function remoteOf(attempts: readonly JournalAttempt[]) {
  const clock = replayClock(0)
  const cloud = { memberAt: () => 'node-0@1' } as unknown as ReplayCloud
  const journal = { attempts, outcomes: [], requests: [] } as unknown as Journal
  const recording = recordingOf(
    journal,
    (recorded) => recorded,
    () => undefined,
    (key) => key,
  )
  return { clock, remote: replayRemote(cloud, recording, replayChecks([]), clock) }
}

test('what was sent along and stopped is passed over by the next that begins', async () => {
  const { clock, remote } = remoteOf([
    { ...unbegun, startedAt: 1_000, endedAt: 2_000 },
    { ...unbegun, startedAt: 2_100, endedAt: 2_500 },
    { ...done, startedAt: 3_000, endedAt: 4_000 },
  ])
  await clock.passTo(3_000)
  const status = await clock.until(remote.start(target, [attempt('att_3')], 2_000, signal))
  expect(status).toMatchObject({ kind: 'ended', exitCode: 0 })
  expect(clock.now()).toBeGreaterThanOrEqual(4_000)
})

test('what was recorded and never sent is stopped before it began, and takes no other one away', async () => {
  const { clock, remote } = remoteOf([
    { ...unbegun, startedAt: 1_000, endedAt: 2_000 },
    { ...done, startedAt: 2_000, endedAt: 3_000 },
  ])
  await clock.passTo(1_000)
  expect(await clock.until(remote.start(target, [attempt('att_1')], 500, signal))).toMatchObject({ kind: 'running' })
  const fenced = { id: 'att_1', fence: 1, fenceScope: 'plt_1' }
  expect(await clock.until(remote.stop(target, fenced, signal))).toEqual({ kind: 'stopped' })
  const next = await clock.until(remote.start(target, [attempt('att_2')], 2_000, signal))
  expect(next).toMatchObject({ kind: 'ended', exitCode: 0 })
})
