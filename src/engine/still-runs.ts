// Whether what was begun on a machine may still run there. What waits for its end must not wait for ever: a machine may
// be gone with it, or hang and never tell.

import type { RunState } from './state.ts'
import type { RecordedAttempt } from './step-kind.ts'

/** A step's usual deadline, ms: an attempt that was sent along has none of its own yet. */
const usualDeadlineMs = 900_000

/** The runner ends a script that is late: SIGTERM, and SIGKILL 10 s after it. */
const endsLateMs = 15_000

/** Until when the attempt is waited for, ms since 1970; null when nothing of it runs any more: its machine is gone. */
export function runsUntil({ view }: RunState, key: string, { executor, startedAt }: RecordedAttempt): number | null {
  const member = view.members.get(executor)
  if (!member || member.machine.missing) return null
  return (view.records.get(key)?.deadlineAt ?? startedAt + usualDeadlineMs) + endsLateMs
}

export function mayStillRun(run: RunState, key: string, attempt: RecordedAttempt): boolean {
  const until = runsUntil(run, key, attempt)
  return until !== null && run.deps.seams.clock.now() < until
}
