// The rules of Remote (src/bootstrap/remote.ts) as tests over any implementation. The one that matters most comes
// first: whatever is lost on the way, no attempt is ever started twice.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AttemptStatus, RemoteFault } from '../../../src/bootstrap/index.ts'
import { type Act, attemptOf, type HarnessMachine, type RemoteHarness } from './harness.ts'
import { travelRules } from './travel.ts'

const logCapBytes = 16 * 1024 * 1024

/** Runs the rules over the worlds that `makeHarness` makes; every rule gets a machine of its own. */
export function remoteConformance(name: string, makeHarness: () => Promise<RemoteHarness>): void {
  describe(`the rules of Remote hold for ${name}`, () => {
    let harness: RemoteHarness
    const signal = new AbortController().signal
    const run = <T>(promise: Promise<T>): Promise<T> => (harness.run ?? ((p) => p))(promise)
    const start = (m: HarnessMachine, id: string, act: Act, waitMs = 0, over: Parameters<typeof attemptOf>[3] = {}) =>
      run(harness.remote.start(m.target, [attemptOf(m, id, act, over)], waitMs, signal))
    const look = (m: HarnessMachine, id: string, waitMs = 0) => run(harness.remote.look(m.target, id, waitMs, signal))
    /** Until the script's first command has run: a status of running may be earlier than that. */
    const begins = async (m: HarnessMachine, id: string) => {
      while ((await m.begun(id)) === 0 && (await look(m, id, 20)).kind === 'running');
    }
    const log = (m: HarnessMachine, id: string, offset: number, maxBytes: number) =>
      run(harness.remote.log(m.target, id, offset, maxBytes, signal))

    beforeAll(async () => {
      harness = await makeHarness()
    })
    afterAll(() => harness[Symbol.asyncDispose]())

    test('an attempt started twice runs once, and both callers get its end', async () => {
      const m = await harness.machine()
      const first = await start(m, 'att_a', { exit: 3 }, 30_000)
      const second = await start(m, 'att_a', { exit: 4 }, 30_000)
      expect(first).toEqual({ kind: 'ended', exitCode: 3, outputs: {}, logBytes: 0 })
      expect(second).toEqual(first)
      expect(await m.begun('att_a')).toBe(1)
    })

    test('of many who start an attempt at the same moment one starts it', async () => {
      const m = await harness.machine()
      const answers = await Promise.all(Array.from({ length: 6 }, () => start(m, 'att_a', { exit: 0 }, 30_000)))
      expect(answers.map((answer) => answer.kind)).toEqual(Array(6).fill('ended'))
      expect(await m.begun('att_a')).toBe(1)
    })

    test('a check tells how its script ended and the end of what it printed, and leaves no attempt', async () => {
      const m = await harness.machine()
      const script = 'echo first\necho last\nexit 3'
      const checked = await run(harness.remote.check(m.target, script, 30_000, signal))
      expect(checked).toEqual({ exitCode: 3, said: 'first\nlast' })
      expect((await run(harness.remote.check(m.target, 'true', 30_000, signal))).exitCode).toBe(0)
    })

    test('an attempt that was never started is absent, with an empty log', async () => {
      const m = await harness.machine()
      expect(await look(m, 'att_none')).toEqual({ kind: 'absent' })
      expect(await log(m, 'att_none', 0, 100)).toHaveLength(0)
    })

    test('a started attempt is running, and ended with code, outputs and log when its script is through', async () => {
      const m = await harness.machine()
      const act: Act = { print: 'hello\n', outputs: { id: 'c-1', token: 'a=b c' }, hold: true, exit: 7 }
      expect((await start(m, 'att_a', act)).kind).toBe('running')
      expect((await look(m, 'att_a')).kind).toBe('running')
      await m.release('att_a')
      const ended = { kind: 'ended', exitCode: 7, outputs: { id: 'c-1', token: 'a=b c' }, logBytes: 6 }
      expect(await look(m, 'att_a', 30_000)).toEqual(ended)
      expect(await look(m, 'att_a')).toEqual(ended)
    })

    test('a look that waits answers as soon as the script ends, long before its wait is over', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { hold: true })
      const waiting = harness.remote.look(m.target, 'att_a', 600_000, signal)
      await m.release('att_a')
      expect((await run(waiting)).kind).toBe('ended')
    })

    test('plain and secret environment reach the script as they are', async () => {
      const m = await harness.machine()
      const plain = 'it\'s "$HOME" `x` \\n é € 😀 \u0001\u007f  two  spaces '
      const secret = "p'a$$s;word"
      const env = { env: { PLAIN: plain }, secretEnv: { SECRET: secret } }
      const answer = await start(m, 'att_a', { outputs: { plain: '$PLAIN', secret: '$SECRET' } }, 30_000, env)
      expect(answer).toEqual({ kind: 'ended', exitCode: 0, outputs: { plain, secret }, logBytes: 0 })
    })

    test('secrets lie on no disk, neither while the script runs nor after it ended or was killed', async () => {
      const m = await harness.machine()
      const secretEnv = { TOKEN: 'secret-zu8Kx0' }
      await start(m, 'att_held', { hold: true }, 0, { secretEnv })
      await start(m, 'att_killed', { hold: true }, 0, { secretEnv })
      await m.kill('att_killed')
      await start(m, 'att_ended', { print: 'done' }, 30_000, { secretEnv })
      await look(m, 'att_killed')
      expect(await m.onDisk('done')).toBe(true)
      expect(await m.onDisk('secret-zu8Kx0')).toBe(false)
      await m.release('att_held')
      expect((await look(m, 'att_held', 30_000)).kind).toBe('ended')
    })

    test('the log is read by offset, while the script runs and after it', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { print: 'abcdefghij', hold: true })
      let status: AttemptStatus = await look(m, 'att_a')
      while (status.kind === 'running' && status.logBytes < 10) status = await look(m, 'att_a', 20)
      const text = async (offset: number, max: number) => Buffer.from(await log(m, 'att_a', offset, max)).toString()
      expect([await text(0, 4), await text(4, 100), await text(10, 5), await text(99, 5)]).toEqual([
        'abcd',
        'efghij',
        '',
        '',
      ])
      await m.release('att_a')
      await look(m, 'att_a', 30_000)
      expect(await text(2, 3)).toBe('cde')
    })

    test('a log keeps its first 16 MiB, the script goes on, and the reader is told that something is missing', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { print: 'head', printBytes: logCapBytes + 1_000_000, outputs: { after: 'yes' } })
      const status = await look(m, 'att_a', 30_000)
      if (status.kind !== 'ended') throw new Error(`still ${status.kind}`)
      expect(status.outputs).toEqual({ after: 'yes' })
      expect(status.logBytes).toBeGreaterThan(logCapBytes - 1_000)
      expect(status.logBytes).toBeLessThanOrEqual(logCapBytes)
      expect(Buffer.from(await log(m, 'att_a', 0, 4)).toString()).toBe('head')
      expect(Buffer.from(await log(m, 'att_a', status.logBytes - 200, 200)).toString()).toMatch(
        /bytes were dropped\]\n$/,
      )
    })

    test('a script that takes too long is ended with code 124', async () => {
      const m = await harness.machine()
      const status = await start(m, 'att_a', { hold: true }, 30_000, { timeoutMs: 300 })
      expect(status).toMatchObject({ kind: 'ended', exitCode: 124 })
    })

    test('an attempt whose process was killed is lost, stays lost, and is not started again', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { hold: true })
      await begins(m, 'att_a')
      await m.kill('att_a')
      expect((await look(m, 'att_a', 30_000)).kind).toBe('lost')
      expect((await start(m, 'att_a', { exit: 0 }, 30_000)).kind).toBe('lost')
      await m.release('att_a')
      expect((await look(m, 'att_a', 500)).kind).toBe('lost')
      expect(await m.begun('att_a')).toBe(1)
    })

    test('after a reboot what ran is lost, what had ended is ended, and new attempts start', async () => {
      const m = await harness.machine()
      await start(m, 'att_done', { exit: 5 }, 30_000)
      await start(m, 'att_ran', { hold: true })
      await begins(m, 'att_ran')
      await m.reboot()
      expect(await look(m, 'att_done')).toMatchObject({ kind: 'ended', exitCode: 5 })
      expect((await look(m, 'att_ran')).kind).toBe('lost')
      expect((await start(m, 'att_ran', { exit: 0 }, 500)).kind).toBe('lost')
      expect((await start(m, 'att_new', { exit: 0 }, 30_000)).kind).toBe('ended')
      expect(await m.begun('att_ran')).toBe(1)
    })

    test('an attempt whose starter died between its claim and its process is lost after a grace, and never begins', async () => {
      const m = await harness.machine()
      await start(m, 'att_first', { exit: 0 }, 30_000)
      await m.claimOnly('att_a')
      expect((await look(m, 'att_a')).kind).toBe('lost')
      expect((await start(m, 'att_a', { exit: 0 }, 30_000)).kind).toBe('lost')
      expect(await m.begun('att_a')).toBe(0)
    })

    test('a start under a lower fence than the highest seen is refused and starts nothing', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { exit: 0 }, 30_000, { fence: 7 })
      await expect(start(m, 'att_b', { exit: 0 }, 0, { fence: 6 })).rejects.toMatchObject({ kind: 'fenced' })
      expect(await look(m, 'att_b')).toEqual({ kind: 'absent' })
      expect((await start(m, 'att_b', { exit: 0 }, 30_000, { fence: 7 })).kind).toBe('ended')
      expect((await start(m, 'att_c', { exit: 0 }, 30_000, { fence: 1, fenceScope: 'plt_2' })).kind).toBe('ended')
      expect(await m.begun('att_b')).toBe(1)
    })

    test('a look is answered whatever the fence: who was taken over may see', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { exit: 2 }, 30_000, { fence: 1 })
      await start(m, 'att_b', { exit: 0 }, 30_000, { fence: 9 })
      expect(await look(m, 'att_a')).toMatchObject({ kind: 'ended', exitCode: 2 })
    })

    test.each(['beforeItRuns', 'afterItRan'] as const)(
      'a start whose connection is cut %s is a fault, and look then start run it exactly once',
      async (point) => {
        const m = await harness.machine()
        await run(harness.remote.prove(m.target, signal))
        m.cutNext(point)
        await expect(start(m, 'att_a', { exit: 0 }, 30_000)).rejects.toBeInstanceOf(RemoteFault)
        const seen = await look(m, 'att_a', 30_000)
        expect(seen.kind).toBe(point === 'beforeItRuns' ? 'absent' : 'ended')
        expect((await start(m, 'att_a', { exit: 0 }, 30_000)).kind).toBe('ended')
        expect(await m.begun('att_a')).toBe(1)
      },
    )

    test('a caller whose signal aborts is let go at once; the script runs on and others are served', async () => {
      const m = await harness.machine()
      await start(m, 'att_a', { hold: true, exit: 0 })
      const abort = new AbortController()
      const waiting = harness.remote.look(m.target, 'att_a', 600_000, abort.signal)
      const other = harness.remote.look(m.target, 'att_a', 600_000, signal)
      abort.abort(new Error('the lease is over'))
      await expect(run(waiting)).rejects.toThrow()
      await m.release('att_a')
      expect((await run(other)).kind).toBe('ended')
      await expect(run(harness.remote.look(m.target, 'att_a', 0, abort.signal))).rejects.toThrow()
    })

    travelRules(() => harness)

    test('prove succeeds on a machine that is up, and a forgotten machine is proven anew', async () => {
      const m = await harness.machine()
      await run(harness.remote.prove(m.target, signal))
      harness.remote.forget(m.target.incarnation)
      await run(harness.remote.prove(m.target, signal))
      expect(await look(m, 'att_none')).toEqual({ kind: 'absent' })
    })
  })
}
