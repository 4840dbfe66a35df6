// Drift of what steps made: a step that says how it is verified is asked on its machines again and again. What is found
// undone makes the step run again, in the platform's hours; nothing is written for a check that finds what the last found.

import { builtinEnvironment, type StepVerify, stepVerifies } from '../blueprints/index.ts'
import { ask, type CheckDeps, type CheckKind, doubtEveryMs, withEnvironment } from './check-kind.ts'
import { closeDrift, noteDrift } from './step-drift.ts'
import { usedBlueprints } from './used-blueprints.ts'
import { loadVerified, type Verified } from './verified-steps.ts'

const timeoutMs = 10_000
/** In a row until it is believed, COUNT. */
const failures = 3

interface Subject {
  verified: Verified
  readonly verify: StepVerify
  readonly everyMs: number
  failed: number
}

export function stepChecks(deps: CheckDeps): CheckKind<Subject> {
  const { read } = deps.store
  return { what: 'steps', mostAtOnce: 32, meet, examine }

  async function meet(known: ReadonlyMap<string, Subject>): Promise<ReadonlyMap<string, Subject>> {
    const met = new Map<string, Subject>()
    const used = (await usedBlueprints(read, deps.blueprints)).map(({ digest, blueprint }) => ({
      digest,
      verifies: stepVerifies(blueprint),
    }))
    await closeDrift(deps.store, deps.seams, (of, name) =>
      used.some(({ digest, verifies }) => digest === of && verifies.some(({ step }) => step === name)),
    )
    for (const { digest, verifies } of used) {
      for (const verify of verifies) {
        for (const verified of await loadVerified(read, digest, verify.step)) {
          const id = `${verified.platformId} ${verified.key} ${digest}`
          const subject = known.get(id) ?? { verified, verify, everyMs: verify.everyMs, failed: 0 }
          // Done again since: what was found before says nothing of it.
          if (subject.verified.finishedAt !== verified.finishedAt) subject.failed = 0
          subject.verified = verified
          met.set(id, subject)
        }
      }
    }
    return met
  }

  async function examine(subject: Subject, signal: AbortSignal): Promise<number> {
    const { verified, verify } = subject
    const env = { ...verified.input, ...builtinEnvironment(verified.platform, verified.facts, null) }
    const asked = await ask(deps, verified.machine, withEnvironment(env, verify.script), timeoutMs, signal)
    // Who does not answer is the business of others.
    if (!asked || asked.answer.kind === 'silent') return verify.everyMs
    const { exitCode, said } = asked.answer
    subject.failed = exitCode === 0 ? 0 : subject.failed + 1
    if (subject.failed === 0) return verify.everyMs
    if (subject.failed < failures) return Math.min(verify.everyMs, doubtEveryMs)
    const why = said === '' ? `exit code ${exitCode}` : said.trimEnd().split('\n').at(-1)
    const found = `${verify.path} says on ${verified.facts.ref}: ${why}`
    const isDue = await deps.store.write(
      async (tx) => asked.isFresh() && (await noteDrift(tx, deps.seams, verified, found)),
    )
    if (isDue) deps.wake(verified.platformId)
    return verify.everyMs
  }
}
