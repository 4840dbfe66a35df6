// Which steps may begin now, beside what else there is: the schedule knows whose needs are met, this knows whose turn it is.

import { isPowerKey, machineKey, restartKey, sshKey } from '../blueprints/index.ts'
import { isAsleep, isHeld, userOf } from './hold.ts'
import { exclusiveNow, isOpen, isPresent, isQueued, operationAt } from './operations.ts'
import type { RunState } from './state.ts'
import { mayStillRun, runsUntil } from './still-runs.ts'
import type { OperationView, PlatformView } from './view.ts'

/**
 * Which steps may begin now, beside what else there is and what is `busy`; an attempt under way may always go on to its
 * end. Asked of every open step of a pass, so what is the same for all is looked at once.
 */
export function opening(run: RunState, busy: Iterable<string>): (key: string) => boolean {
  const { view } = run
  if (!isHeld(view) && !isAsleep(view) && view.operations.length === 0) return () => true
  const underWay = new Set([...view.inFlight.keys()].map(userOf))
  const mayBegin = beginnings(run, busy)
  return (key) => underWay.has(key) || mayBegin(key)
}

/** Which steps may begin now if nothing of them has begun yet. */
export function beginnings(run: RunState, busy: Iterable<string>): (key: string) => boolean {
  const { view } = run
  const held = isHeld(view)
  const asleep = isAsleep(view)
  const quiet = asleep && isQuiet(run, busy)
  const alone = exclusiveNow(view)
  const free = alone !== undefined && isAlone(run, alone, busy)
  const needed = alone === undefined ? none : new Set([...(free ? [] : neededBy(run)), ...reviving(view)])
  const going = new Set(view.operations.filter((operation) => isOpen(operation) && !isQueued(view, operation)))
  return (key) => {
    if (held) return false
    if (asleep) return quiet && isPowerKey(key)
    const operation = operationAt(view, key)
    if (operation && !(going.has(operation) && isPossible(view, operation, key))) return false
    return alone === undefined || (operation === alone && free) || needed.has(key)
  }
}

const none: ReadonlySet<string> = new Set()

/** What a person had started anew, and the proof that it runs: nobody is served by its waiting, who runs alone may need it. */
function reviving({ restarts }: PlatformView): string[] {
  return [...restarts].flatMap(([ref, number]) => [restartKey(ref, number), machineKey(ref), sshKey(ref)])
}

/** What attempts under way need before they can go on: whoever waits for their end would wait for ever if it did not begin. */
function neededBy({ schedule, view }: RunState): ReadonlySet<string> {
  const needed = new Set<string>()
  const left = [...view.inFlight.keys()].map(userOf)
  for (const key of left) {
    for (const before of schedule.waitsFor(key)) {
      if (needed.has(before)) continue
      needed.add(before)
      left.push(before)
    }
  }
  return needed
}

/** Not on a member that has left. */
function isPossible(view: PlatformView, operation: OperationView, key: string): boolean {
  const on = operation.plan.steps.find((step) => step.key === key)?.on
  return on?.kind !== 'member' || isPresent(view, on.member)
}

/** Whether nothing but power is under way: a script is not to lose its machine in the middle. */
function isQuiet(run: RunState, busy: Iterable<string>): boolean {
  return [...busy, ...running(run)].every(isPowerKey)
}

/** Steps with an attempt that may still run on its machine. */
function running(run: RunState): string[] {
  return [...run.view.inFlight].flatMap(([key, attempt]) => (mayStillRun(run, key, attempt) ? [key] : []))
}

/**
 * When whoever waits for the end of what is under way (to fall asleep, to be alone) need not wait any longer for something
 * that does not end, ms since 1970; null: nobody waits.
 */
export function patienceEnds(run: RunState): number | null {
  if (!isAsleep(run.view) && exclusiveNow(run.view) === undefined) return null
  const now = run.deps.seams.clock.now()
  const ends = [...run.view.inFlight].flatMap(([key, attempt]) => runsUntil(run, key, attempt) ?? [])
  const ahead = ends.filter((at) => at > now)
  return ahead.length === 0 ? null : Math.max(...ahead)
}

/** Whether it is to run alone, and something else still runs. */
export function waitsToBeAlone(run: RunState, operation: OperationView): boolean {
  return operation.plan.mode === 'exclusive' && !isAlone(run, operation, [])
}

function isAlone(run: RunState, operation: OperationView, busy: Iterable<string>): boolean {
  const { view, schedule } = run
  for (const key of [...busy, ...running(run)]) {
    const own = userOf(key)
    // What no plan knows any more ends by itself; what is blocked has stopped.
    if (operationAt(view, own) === operation || schedule.step(own) === undefined) continue
    if (view.records.get(own)?.status !== 'blocked') return false
  }
  return true
}

/** Whether the step's operation has nothing more to do, or can do no more: then it is to be settled. */
export function isDecided(run: RunState, key: string): boolean {
  const operation = operationAt(run.view, key)
  return operation?.plan.steps.every((step) => run.schedule.isClean(step.key)) ?? false
}
