// The rules of a journey: attempts that travel together run one after another without us, each at most once, and none
// of them begins that somebody has stopped, started or outrun meanwhile.

import { expect, test } from 'vitest'
import { type AttemptStatus, RemoteFault, type ScriptAttempt } from '../../../src/bootstrap/index.ts'
import { type Act, attemptOf, type HarnessMachine, type RemoteHarness } from './harness.ts'

type Leg = readonly [id: string, act: Act, over?: Partial<ScriptAttempt>]

export function travelRules(harness: () => RemoteHarness): void {
  const signal = new AbortController().signal
  const run = <T>(promise: Promise<T>): Promise<T> => (harness().run ?? ((p) => p))(promise)
  const attempts = (m: HarnessMachine, [first, ...rest]: readonly [Leg, ...Leg[]]) => {
    const made = ([id, act, over]: Leg) => attemptOf(m, id, act, over)
    return [made(first), ...rest.map(made)] as const
  }
  const send = (m: HarnessMachine, legs: readonly [Leg, ...Leg[]], waitMs = 0) =>
    run(harness().remote.start(m.target, attempts(m, legs), waitMs, signal))
  const look = (m: HarnessMachine, id: string, waitMs = 0) => run(harness().remote.look(m.target, id, waitMs, signal))
  const stop = (m: HarnessMachine, id: string, fence = 1) =>
    run(harness().remote.stop(m.target, { id, fence, fenceScope: 'plt_1' }, signal))
  const begun = (m: HarnessMachine, ...ids: string[]) => Promise.all(ids.map((id) => m.begun(id)))
  /** Looks until the attempt has ended, also where it has yet to begin. */
  const end = async (m: HarnessMachine, id: string): Promise<AttemptStatus> => {
    let status = await look(m, id, 30_000)
    while (status.kind === 'absent' || status.kind === 'running') {
      await run(harness().remote.look(m.target, 'att_pause', 20, signal))
      status = await look(m, id, 30_000)
    }
    return status
  }
  /** Looks until the first has ended and time enough has passed for another to begin behind it. */
  const over = async (m: HarnessMachine, id: string): Promise<AttemptStatus> => {
    const status = await end(m, id)
    const pause: Leg = [`att_pause_${id}`, { hold: true }, { fenceScope: 'plt_pause', timeoutMs: 300 }]
    await send(m, [pause], 30_000)
    return status
  }

  test('attempts that travel together run one after another, each with its own end, outputs and log', async () => {
    const m = await harness().machine()
    const first = await send(m, [
      ['att_a', { print: 'aa', outputs: { id: '1' } }, { mustGive: ['id'] }],
      ['att_b', { print: 'b', outputs: { at: '$WHO' } }, { env: { WHO: 'me' } }],
      ['att_c', { exit: 3 }],
    ])
    expect(['running', 'ended']).toContain(first.kind)
    expect(await end(m, 'att_a')).toEqual({ kind: 'ended', exitCode: 0, outputs: { id: '1' }, logBytes: 2 })
    expect(await end(m, 'att_b')).toEqual({ kind: 'ended', exitCode: 0, outputs: { at: 'me' }, logBytes: 1 })
    expect(await end(m, 'att_c')).toEqual({ kind: 'ended', exitCode: 3, outputs: {}, logBytes: 0 })
    expect(await begun(m, 'att_a', 'att_b', 'att_c')).toEqual([1, 1, 1])
  })

  test('what travels behind is absent until it begins, and each gets only its own environment', async () => {
    const m = await harness().machine()
    const secret = { secretEnv: { TOKEN: 'secret-of-b-9Xu2' } }
    await send(m, [
      ['att_a', { hold: true, outputs: { seen: '$TOKEN' } }],
      ['att_b', { outputs: { seen: '$TOKEN' } }, secret],
    ])
    expect(await look(m, 'att_b')).toEqual({ kind: 'absent' })
    expect(await m.onDisk('secret-of-b-9Xu2')).toBe(false)
    await m.release('att_a')
    expect(await end(m, 'att_a')).toMatchObject({ outputs: { seen: '' } })
    expect(await end(m, 'att_b')).toMatchObject({ outputs: { seen: 'secret-of-b-9Xu2' } })
  })

  test.each<[string, Act]>([
    ['ended with another code than 0', { exit: 1 }],
    ['did not give its outputs', { outputs: { other: '1' } }],
  ])('behind an attempt that %s nothing begins; started later, it runs once', async (_what, act) => {
    const m = await harness().machine()
    await send(m, [
      ['att_a', act, { mustGive: ['id'] }],
      ['att_b', { exit: 0 }],
    ])
    expect((await over(m, 'att_a')).kind).toBe('ended')
    expect(await look(m, 'att_b')).toEqual({ kind: 'absent' })
    expect((await send(m, [['att_b', { exit: 5 }]], 30_000)).kind).toBe('ended')
    expect(await begun(m, 'att_a', 'att_b')).toEqual([1, 1])
  })

  test('behind an attempt whose process was killed nothing begins', async () => {
    const m = await harness().machine()
    await send(m, [
      ['att_a', { hold: true }],
      ['att_b', { exit: 0 }],
    ])
    while ((await m.begun('att_a')) === 0 && (await look(m, 'att_a', 20)).kind === 'running');
    await m.kill('att_a')
    expect((await over(m, 'att_a')).kind).toBe('lost')
    expect(await look(m, 'att_b')).toEqual({ kind: 'absent' })
  })

  test('a stopped attempt never begins, nor what travels behind it; what ran goes on to its end', async () => {
    const m = await harness().machine()
    await send(m, [
      ['att_a', { hold: true }],
      ['att_b', { exit: 0 }],
      ['att_c', { exit: 0 }],
    ])
    expect(await stop(m, 'att_b')).toEqual({ kind: 'stopped' })
    await m.release('att_a')
    expect(await over(m, 'att_a')).toMatchObject({ kind: 'ended', exitCode: 0 })
    expect(await look(m, 'att_b')).toEqual({ kind: 'stopped' })
    expect(await send(m, [['att_b', { exit: 0 }]], 1_000)).toEqual({ kind: 'stopped' })
    expect(await look(m, 'att_c')).toEqual({ kind: 'absent' })
    expect(await begun(m, 'att_a', 'att_b', 'att_c')).toEqual([1, 0, 0])
  })

  test('stopping what runs or has ended changes nothing, and an unknown attempt can be stopped for ever', async () => {
    const m = await harness().machine()
    await send(m, [['att_a', { hold: true, exit: 4 }]])
    expect((await stop(m, 'att_a')).kind).toMatch(/^(running|stopped)$/)
    await m.release('att_a')
    const ended = await over(m, 'att_a')
    expect(await stop(m, 'att_a')).toEqual(ended)
    expect(await stop(m, 'att_new')).toEqual({ kind: 'stopped' })
    expect(await stop(m, 'att_new')).toEqual({ kind: 'stopped' })
    expect(await send(m, [['att_new', { exit: 0 }]], 500)).toEqual({ kind: 'stopped' })
    expect(await m.begun('att_new')).toBe(0)
  })

  test('an attempt started by itself while it travels is not begun again when its turn comes', async () => {
    const m = await harness().machine()
    await send(m, [
      ['att_a', { hold: true }],
      ['att_b', { exit: 2 }],
      ['att_c', { exit: 0 }],
    ])
    expect(await send(m, [['att_b', { exit: 2 }]], 30_000)).toMatchObject({ kind: 'ended', exitCode: 2 })
    await m.release('att_a')
    await over(m, 'att_a')
    expect(await look(m, 'att_c')).toEqual({ kind: 'absent' })
    expect(await begun(m, 'att_a', 'att_b', 'att_c')).toEqual([1, 1, 0])
  })

  test('once the machine has seen a higher fence, nothing that travelled under a lower one begins', async () => {
    const m = await harness().machine()
    await send(m, [
      ['att_a', { hold: true }],
      ['att_b', { exit: 0 }],
    ])
    await send(m, [['att_z', { exit: 0 }, { fence: 2 }]], 30_000)
    await m.release('att_a')
    await over(m, 'att_a')
    expect(await look(m, 'att_b')).toEqual({ kind: 'absent' })
    await expect(stop(m, 'att_b', 1)).rejects.toMatchObject({ kind: 'fenced' })
    expect((await send(m, [['att_b', { exit: 0 }, { fence: 2 }]], 30_000)).kind).toBe('ended')
    expect(await m.begun('att_b')).toBe(1)
  })

  test('a journey sent again after its connection was cut runs each of its attempts once', async () => {
    const m = await harness().machine()
    const legs: readonly [Leg, ...Leg[]] = [
      ['att_a', { exit: 0 }],
      ['att_b', { exit: 0 }],
    ]
    m.cutNext('afterItRan')
    await expect(send(m, legs, 30_000)).rejects.toBeInstanceOf(RemoteFault)
    await Promise.all([send(m, legs, 30_000), send(m, legs, 30_000)])
    expect((await end(m, 'att_b')).kind).toBe('ended')
    expect(await begun(m, 'att_a', 'att_b')).toEqual([1, 1])
  })

  test('a machine that reboots in mid-journey goes no further', async () => {
    const m = await harness().machine()
    await send(m, [
      ['att_a', { hold: true }],
      ['att_b', { exit: 0 }],
    ])
    while ((await m.begun('att_a')) === 0 && (await look(m, 'att_a', 20)).kind === 'running');
    await m.reboot()
    await m.release('att_a')
    expect((await over(m, 'att_a')).kind).toBe('lost')
    expect(await look(m, 'att_b')).toEqual({ kind: 'absent' })
  })
}
