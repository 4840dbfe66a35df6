// Recurring checks: one loop for all kinds. Nothing is written for a check, only for a change of verdict; so what a check
// costs is the check. How often somebody failed is this process's own to remember: forgetting makes it act later, never
// sooner. Every process checks for itself, and who has a verdict first writes it: a transaction finds what others have
// written meanwhile, and a verdict of before that, or of before this process slept, is none.

import { happenedSince } from '../events/index.ts'
import { type CheckDeps, slept } from './check-kind.ts'
import { turnsOf } from './check-turns.ts'
import { machineChecks } from './machine-checks.ts'
import { platformChecks } from './platform-checks.ts'
import { stepChecks } from './step-checks.ts'
import { endUnchecked } from './unchecked.ts'

const tickMs = 500
/** How often it is looked whether there is somebody new to check, ms; also the longest nap. */
const meetEveryMs = 1_000

/** Begins to check machines, platforms and steps as their blueprints ask for it; disposing it ends that. */
export function startChecks(deps: CheckDeps): AsyncDisposable {
  const { store, seams } = deps
  const controller = new AbortController()
  const { signal } = controller
  const kinds = [
    turnsOf(deps, machineChecks(deps), signal),
    turnsOf(deps, stepChecks(deps), signal),
    turnsOf(deps, platformChecks(deps), signal),
  ]
  let seen = { version: -1, seq: -1 }
  const looping = loop()

  return {
    async [Symbol.asyncDispose]() {
      controller.abort(new Error('checks stop'))
      await looping
      await Promise.all(kinds.map((turns) => turns.ended()))
    },
  }

  async function loop(): Promise<void> {
    let sinceMetMs = meetEveryMs
    while (!signal.aborted) {
      if (sinceMetMs >= meetEveryMs) {
        sinceMetMs = 0
        await meet().catch((error: unknown) => {
          if (!signal.aborted) deps.log('those to check could not be listed', { error })
        })
        if (signal.aborted) return
      }
      const soonest = Math.min(...kinds.map((turns) => turns.begin()))
      const napMs = soonest < meetEveryMs ? tickMs : meetEveryMs
      const before = seams.clock.now()
      await seams.clock.sleep(napMs, signal).catch(() => undefined)
      sinceMetMs += napMs
      for (const turns of kinds) turns.passed(napMs)
      if (slept(seams.clock.now() - before, napMs)) forget()
    }
  }

  /** What was found before this process slept says nothing of now: others have looked meanwhile. */
  function forget(): void {
    for (const turns of kinds) turns.forget()
    seen = { version: -1, seq: -1 }
  }

  /** Who is to be checked follows from what was written, so it is read again only when something was. */
  async function meet(): Promise<void> {
    const version = store.version()
    if (version === seen.version) return
    const seq = await happenedSince(store.read, seen.seq)
    if (seq !== undefined) {
      await endUnchecked(deps)
      for (const turns of kinds) await turns.meet()
    }
    seen = { version, seq: seq ?? seen.seq }
  }
}
