// What was recorded for a plan that is over: it must not begin any more, and what has begun is let go to its end.
// Until then nobody is made to leave on whose machine something of the kind still runs: a join that outlives the
// leave it was to precede would bring the member back.

import type { MemberRef, PlanStep } from '../blueprints/plan-types.ts'
import { memberOf } from './context.ts'
import { memberAnswers } from './executor.ts'
import { beginnings } from './opening.ts'
import { fencedWrite, mayAct, type RunState } from './state.ts'
import type { RecordedAttempt } from './step-kind.ts'
import { mayStillRun } from './still-runs.ts'
import { writeEnd } from './write.ts'

/** How soon an attempt that still runs is asked for again. */
export const windUpEveryMs = 1_000

/** Attempts in flight that no step of the plan will follow, by step key; those on machines that do not answer are not told. */
export function leftovers(run: RunState): ReadonlyMap<string, RecordedAttempt> {
  const found = new Map<string, RecordedAttempt>()
  if (run.view.want === 'absent' || run.view.inFlight.size === 0) return found
  const mayBegin = beginnings(run, [])
  for (const [key, attempt] of run.view.inFlight) {
    if (memberAnswers(run.view.members.get(attempt.executor)) && !isFollowed(run, mayBegin, key, attempt))
      found.set(key, attempt)
  }
  return found
}

/**
 * Whether a step of the plan sees to it: its own when its turn has come, the user of what a fresh step mints, or, for
 * what travels, the step it travels behind, as long as that one is under way, both are still what is wanted, and
 * it may begin at all.
 */
function isFollowed(run: RunState, mayBegin: (key: string) => boolean, key: string, attempt: RecordedAttempt): boolean {
  const { schedule, targets, view } = run
  const [, user] = key.split('/for/')
  if (user !== undefined) return schedule.step(user) !== undefined
  const step = schedule.step(key)
  if (!step) return false
  if (schedule.isOpenAfter(key, new Set())) return true
  if (!mayBegin(key) || targets.of(step) !== attempt.fingerprint) return false
  return schedule.waitsFor(key).some((before) => {
    const ahead = view.inFlight.get(before)
    return ahead?.executor === attempt.executor && isFollowed(run, mayBegin, before, ahead)
  })
}

/**
 * Whether the step must wait until what runs on its subject has come to its end; not for longer than that could take,
 * since a machine may hang and never tell.
 */
export function waitsForLeftovers(run: RunState, step: PlanStep, left: ReadonlyMap<string, RecordedAttempt>): boolean {
  const subject: MemberRef | null = step.kind === 'script' ? step.subject : null
  if (subject === null) return false
  for (const [key, attempt] of left) if (attempt.executor === subject && mayStillRun(run, key, attempt)) return true
  return false
}

/** Stops the attempt if it has not begun, and writes its end if it has one. */
export async function windUp(run: RunState, key: string, attempt: RecordedAttempt): Promise<void> {
  const { deps } = run
  const { machine } = memberOf(run, attempt.executor)
  const kind = deps.kinds.get(run.view.records.get(key)?.kind === 'gate' ? 'gate' : 'script')
  const ending = await kind?.windUp?.(
    {
      platformId: run.view.id,
      fence: run.lease.fence,
      signal: run.controller.signal,
      mayAct: () => mayAct(run),
      machine: () => machine,
      sshKey: () => deps.vault.get(deps.store.read, run.view.sshSecret),
    },
    attempt,
  )
  if (!ending) return
  run.ends.set(key, { ...ending, attemptId: attempt.id, at: deps.seams.clock.now() })
  await fencedWrite(run, (tx) => writeEnd(tx, run, key))
  run.wake()
}
