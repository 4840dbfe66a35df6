// Drift of what steps made: a step that says how it is verified is asked on its machines again and again. What is found
// undone makes the step run again, in the platform's hours; nothing is written for a check that finds what the last found.

import { builtinEnvironment, type StepVerify, stepVerifies } from '../blueprints/index.ts'
import { lastEventSeq } from '../events/index.ts'
import type { CheckDeps } from './checks.ts'
import { closeDrift, noteDrift } from './step-drift.ts'
import { loadVerified, type Verified } from './verified-steps.ts'

const tickMs = 2_000
const timeoutMs = 10_000
/** In a row until it is believed, COUNT. */
const failures = 3
const mostAtOnce = 32
const doubtEveryMs = 2_000
/** A check that took so much longer than it may: this process slept, or its clock was set. */
const sleptMs = 5_000

interface Subject {
  verified: Verified
  readonly verify: StepVerify
  restMs: number
  checking: boolean
  failed: number
}

/** Begins to verify; disposing it ends that. */
export function startStepChecks(deps: CheckDeps): AsyncDisposable {
  const { clock, random } = deps.seams
  const { read } = deps.store
  const controller = new AbortController()
  const { signal } = controller
  const subjects = new Map<string, Subject>()
  const running = new Set<Promise<void>>()
  let seen = -1
  const looping = loop()

  return {
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('checks stop'))
      await looping
      await Promise.all(running)
    },
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      await meet().catch((error: unknown) => {
        if (!signal.aborted) deps.log('steps to verify could not be listed', { error })
      })
      for (const subject of subjects.values()) begin(subject)
      await clock.sleep(tickMs, signal).catch(() => undefined)
      for (const subject of subjects.values()) subject.restMs -= tickMs
    }
  }

  /** What is to be verified. Asked only when something happened at all. */
  async function meet(): Promise<void> {
    const seq = await lastEventSeq(read)
    if (seq === seen) return
    await closeDrift(deps.store, deps.seams)
    const rows = read.selectFrom('platforms').select('blueprint_digest').distinct().where('state', '!=', 'deleted')
    const met = new Set<string>()
    for (const { blueprint_digest: digest } of await rows.execute()) {
      for (const verify of stepVerifies(await deps.blueprints(read, digest))) {
        for (const verified of await loadVerified(read, digest, verify.step)) {
          const id = `${verified.platformId} ${verified.key} ${digest}`
          met.add(id)
          const known = subjects.get(id)
          if (known) known.verified = verified
          else {
            const restMs = Math.floor(random.next() * verify.everyMs)
            subjects.set(id, { verified, verify, restMs, checking: false, failed: 0 })
          }
        }
      }
    }
    for (const id of subjects.keys()) if (!met.has(id)) subjects.delete(id)
    seen = seq
  }

  function begin(subject: Subject): void {
    if (signal.aborted || subject.checking || subject.restMs > 0 || running.size >= mostAtOnce) return
    subject.checking = true
    const work = examine(subject)
      .catch((error: unknown) => {
        if (!signal.aborted) deps.log('a step could not be verified', { step: subject.verified.key, error })
        return subject.verify.everyMs
      })
      .then((restMs) => {
        subject.restMs = restMs
        subject.checking = false
        running.delete(work)
      })
    running.add(work)
  }

  /** One look and what follows; answers the ms until the next. */
  async function examine(subject: Subject): Promise<number> {
    const { verified, verify } = subject
    const env = { ...verified.input, ...builtinEnvironment(verified.platform, verified.facts, null) }
    const told = Object.entries(env).map(([name, text]) => `export ${name}='${text.replaceAll("'", "'\\''")}'\n`)
    const startedAt = clock.now()
    const answer = await deps.probe(verified.machine, `${told.join('')}${verify.script}`, timeoutMs, signal)
    const tookMs = clock.now() - startedAt
    // Who does not answer is the business of others.
    if (signal.aborted || answer.kind === 'silent' || tookMs < 0 || tookMs > timeoutMs + sleptMs) return verify.everyMs
    subject.failed = answer.exitCode === 0 ? 0 : subject.failed + 1
    if (subject.failed === 0) return verify.everyMs
    if (subject.failed < failures) return Math.min(verify.everyMs, doubtEveryMs)
    const why = answer.said === '' ? `exit code ${answer.exitCode}` : answer.said.trimEnd().split('\n').at(-1)
    const found = `${verify.path} says on ${verified.facts.ref}: ${why}`
    if (await deps.store.write((tx) => noteDrift(tx, deps.seams, verified, found))) deps.wake(verified.platformId)
    return verify.everyMs
  }
}
