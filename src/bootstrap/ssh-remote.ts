// Remote over SSH: every verb is one command on one channel, which carries the runner with it. What is above this
// file cannot tell whether a machine is real.

import { noMore } from '../kernel/no-more.ts'
import type { Seams } from '../kernel/seams.ts'
import { type PoolLimits, pool } from './pool.ts'
import { type Remote, RemoteFault, type RemoteTarget } from './remote.ts'
import { readChecked, readLog, readStatus } from './runner/answer.ts'
import { checkRequest, logRequest, lookRequest, runnerCommand, startRequest, stopRequest } from './runner/program.ts'
import { type Spoken, speak } from './speak.ts'

export interface SshRemoteLimits extends PoolLimits {
  /** How long a machine may take for an answer, beyond the wait it was asked for. */
  readonly answerMs: number
}

const usual: SshRemoteLimits = { connectMs: 30_000, idleMs: 30_000, channels: 8, answerMs: 60_000 }

/** A Remote that speaks SSH. Disposing it closes its connections; what runs on machines runs on. */
export function sshRemote(seams: Seams, limits: Partial<SshRemoteLimits> = {}): Remote {
  const { answerMs, ...poolLimits } = { ...usual, ...limits }
  const machines = pool(seams, poolLimits)

  async function ask(
    target: RemoteTarget,
    request: (nonce: string) => string,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<{ spoken: Spoken; nonce: string }> {
    const nonce = Buffer.from(seams.random.bytes(8)).toString('hex')
    const input = request(nonce)
    const spoken = await machines.use(target, signal, (client) =>
      // Naps of the machine add up to waitMs; starting a process for each makes its wait up to half as long again.
      within(seams, waitMs * 1.5 + answerMs, signal, (inTime) =>
        speak(client, runnerCommand(target.user), input, inTime),
      ),
    )
    return { spoken, nonce }
  }

  /** Asks again, once, when a connection that had been idle turns out dead: looking twice is looking. */
  async function askAgain(...question: Parameters<typeof ask>): ReturnType<typeof ask> {
    const [target, , , signal] = question
    const reused = machines.has(target.incarnation)
    try {
      return await ask(...question)
    } catch (error) {
      const ended = error instanceof RemoteFault && error.kind === 'broken' && !machines.has(target.incarnation)
      if (!reused || !ended || signal.aborted) throw error
      return ask(...question)
    }
  }

  return {
    prove: (target, signal) => machines.connect(target, signal),
    async start(target, journey, waitMs, signal) {
      const { spoken, nonce } = await ask(target, (n) => startRequest(n, journey, waitMs), waitMs, signal)
      return readStatus(spoken, nonce)
    },
    async stop(target, attempt, signal) {
      const { spoken, nonce } = await askAgain(target, (n) => stopRequest(n, attempt), 0, signal)
      return readStatus(spoken, nonce)
    },
    async look(target, attemptId, waitMs, signal) {
      const { spoken, nonce } = await askAgain(target, (n) => lookRequest(n, attemptId, waitMs), waitMs, signal)
      return readStatus(spoken, nonce)
    },
    async log(target, attemptId, offset, maxBytes, signal) {
      const { spoken, nonce } = await askAgain(target, (n) => logRequest(n, attemptId, offset, maxBytes), 0, signal)
      return readLog(spoken, nonce)
    },
    async check(target, script, timeoutMs, signal) {
      const { spoken, nonce } = await askAgain(target, (n) => checkRequest(n, script, timeoutMs), timeoutMs, signal)
      return readChecked(spoken, nonce)
    },
    forget: (incarnation) => machines.forget(incarnation),
    [Symbol.asyncDispose]: () => machines[Symbol.asyncDispose](),
  }
}

/** Runs `work` under a signal that also aborts after `limitMs`, with RemoteFault `broken`. */
async function within<T>(
  seams: Seams,
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const late = new AbortController()
  const done = new AbortController()
  const onAbort = () => late.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  seams.clock.sleep(limitMs, done.signal).then(
    () => late.abort(new RemoteFault('broken', `the machine gave no answer in ${limitMs} ms`)),
    () => undefined,
  )
  try {
    return await work(late.signal)
  } finally {
    done.abort(noMore)
    signal.removeEventListener('abort', onAbort)
  }
}
