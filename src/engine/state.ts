// The state of one run in this process: replaced as a whole by a reload, shared by the steps in flight.

import type { Plan, PlanStep } from '../blueprints/plan-types.ts'
import type { Tx } from '../store/store.ts'
import type { EngineDeps } from './deps.ts'
import { actMarginMs, assertFence, type Lease, LeaseLost, renewLease } from './lease.ts'
import type { Look } from './looks.ts'
import type { Schedule } from './schedule.ts'
import type { AttemptEnding } from './step-kind.ts'
import type { Targets } from './targets.ts'
import { freshRecord, type PlatformView, type RecordView } from './view.ts'

export interface RunState {
  readonly deps: EngineDeps
  readonly lease: Lease
  readonly controller: AbortController
  view: PlatformView
  plan: Plan
  schedule: Schedule
  targets: Targets
  /** Ends of attempts by step key, to be written with the outcome that follows from them. */
  readonly ends: Map<string, AttemptEnd>
  /** Steps that might not begin when they were tried, by key: ms since 1970 before which none is tried again. */
  readonly putOff: Map<string, number>
  /** Looks at what is under way that were put off in memory alone, by key. */
  readonly looks: Map<string, Look>
  /** Asks the loop to read everything afresh. */
  wake(): void
}

/** How an attempt ended, not written yet. */
export interface AttemptEnd extends AttemptEnding {
  readonly attemptId: string
  readonly at: number
}

/** A fenced write of this run. */
export function fencedWrite<T>(run: RunState, work: (tx: Tx) => Promise<T>): Promise<T> {
  return run.deps.store.write(async (tx) => {
    await assertFence(tx, run.lease)
    return work(tx)
  })
}

/** Resolves with at least `actMarginMs` of the lease left; otherwise renews first, or throws LeaseLost. */
export async function mayAct(run: RunState): Promise<void> {
  if (run.controller.signal.aborted) throw new LeaseLost(run.lease.platformId)
  const now = await run.deps.store.now()
  if (run.lease.until - now < actMarginMs && (await renewLease(run.deps.store, run.lease))) run.wake()
}

export function recordOf(run: RunState, step: PlanStep): RecordView {
  return run.view.records.get(step.key) ?? freshRecord(step)
}

/** Clean: what is planned is what was achieved, and nothing half-done is left. Once steps are compared by key. */
export function isClean(record: RecordView | undefined, step: PlanStep, planned: string | undefined): boolean {
  if (!record || record.achieved === null || record.attempting !== null) return false
  if (step.mode === 'once') return true
  return record.suspect === null && record.achieved === planned
}
