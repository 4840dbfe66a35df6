// Consecutive scripts of one machine travel together: what could begin as soon as the script before it has ended is
// sent with it, so that a machine far away costs one round trip and not one for each. All of their attempts are on the
// disk before the first is sent; whether each began is for the machine to say, when its own turn comes.

import type { MemberRef, PlanStep, ScriptStep, Value } from '../blueprints/plan-types.ts'
import type { Tx } from '../store/store.ts'
import { beginningWrite, NotNow } from './beginning.ts'
import { resolveInput } from './input.ts'
import { beginnings } from './opening.ts'
import { type RunState, recordOf } from './state.ts'
import type { Leg, RecordedAttempt, ResolvedInput } from './step-kind.ts'
import type { RecordView } from './view.ts'
import { saveAttempt, saveRecord, writeEnd } from './write.ts'

/** What one machine is sent at once at most, COUNT: their environments share one process's. */
const mostBehind = 7

interface Traveller {
  readonly step: ScriptStep
  readonly fingerprint: string
  readonly input: ResolvedInput
}

interface Journey {
  readonly attempt: RecordedAttempt
  readonly behind: readonly Leg[]
}

/**
 * The attempt of `step` on `executor` and those that travel behind it, recorded with the lease's fence in one
 * transaction. What is in flight for the same target is taken as it is: an attempt that never began may still travel.
 * Throws NotNow while nothing may begin; what was recorded before may even then, and alone.
 */
export async function recordJourney(
  run: RunState,
  step: PlanStep,
  fingerprint: string,
  executor: MemberRef,
): Promise<Journey> {
  const left = run.ends.has(step.key) ? undefined : run.view.inFlight.get(step.key)
  const travellers = await travellersBehind(run, step, executor)
  try {
    return await beginningWrite(run, step.key, (tx) => record(tx, run, { step, fingerprint, executor }, travellers))
  } catch (error) {
    if (left && error instanceof NotNow) return { attempt: left, behind: [] }
    throw error
  }
}

async function record(
  tx: Tx,
  run: RunState,
  first: { readonly step: PlanStep; readonly fingerprint: string; readonly executor: MemberRef },
  travellers: readonly Traveller[],
): Promise<Journey> {
  const { executor } = first
  const inFlight = async (step: PlanStep, fingerprint: string): Promise<RecordedAttempt> =>
    run.view.inFlight.get(step.key) ??
    saveAttempt(tx, run.deps.seams, run.view, step.key, {
      number: recordOf(run, step).attempts + 1,
      fingerprint,
      executor,
      machineId: run.view.members.get(executor)?.machine.id ?? null,
      fence: run.lease.fence,
      startedAt: run.deps.seams.clock.now(),
    })
  await writeEnd(tx, run, first.step.key)
  const attempt = await inFlight(first.step, first.fingerprint)
  const behind: Leg[] = []
  for (const { step, fingerprint, input } of travellers) {
    // What was so a moment ago, when its inputs were looked up, may not be so any more.
    if (!isFree(run, step, fingerprint, executor)) break
    await saveRecord(tx, run.view, onTheWay(recordOf(run, step), fingerprint))
    behind.push({ step, attempt: await inFlight(step, fingerprint), input })
  }
  return { attempt, behind }
}

/** Its first effect may come without another word from us: what it is to achieve is on the disk before that. */
function onTheWay(record: RecordView, target: string): RecordView {
  return {
    ...record,
    attempting: target,
    status: 'idle',
    attempts: record.attempting === target ? record.attempts : 0,
    deadlineAt: null,
    nextAt: null,
    reason: null,
  }
}

/** The scripts that could run on the executor right after `step`, one after another, with all their inputs known now. */
async function travellersBehind(run: RunState, step: PlanStep, executor: MemberRef): Promise<Traveller[]> {
  const travellers: Traveller[] = []
  if (step.kind !== 'script' || step.mode === 'fresh' || step.on.kind !== 'member') return travellers
  const mayBegin = beginnings(run, [step.key])
  const ahead = new Set<string>()
  let last: ScriptStep = step
  for (const next of run.schedule.scriptsOn(executor)) {
    if (travellers.length === mostBehind) break
    const opensEarlier = run.schedule.isOpenAfter(next.key, ahead)
    const opensNow =
      !opensEarlier && mayBegin(next.key) && run.schedule.isOpenAfter(next.key, new Set([...ahead, last.key]))
    const traveller = opensNow ? await asTraveller(run, next, executor, new Set([...ahead, last.key])) : undefined
    if (!traveller) continue
    travellers.push(traveller)
    ahead.add(last.key)
    last = next
  }
  return travellers
}

async function asTraveller(
  run: RunState,
  step: ScriptStep,
  executor: MemberRef,
  ahead: ReadonlySet<string>,
): Promise<Traveller | undefined> {
  if (run.schedule.isClean(step.key) || step.subject !== null) return undefined
  const values = [...Object.values(step.input.with), ...Object.values(step.input.using)]
  if (values.some((value) => isMadeOnTheWay(value, ahead))) return undefined
  const fingerprint = run.targets.of(step)
  if (fingerprint === undefined || !isFree(run, step, fingerprint, executor)) return undefined
  const resolved = await resolveInput(run, step, executor, noFresh)
  return resolved.kind === 'resolved' ? { step, fingerprint, input: resolved.input } : undefined
}

/** Whether the value is known only when something ran that has not run yet. */
function isMadeOnTheWay(value: Value, ahead: ReadonlySet<string>): boolean {
  return value.from === 'fresh' || (value.from === 'output' && ahead.has(value.step))
}

/** Asked for still, neither under way nor waiting after a failure, and nothing else in flight for it. */
function isFree(run: RunState, step: ScriptStep, fingerprint: string, executor: MemberRef): boolean {
  const left = run.view.inFlight.get(step.key)
  if (left && (left.fingerprint !== fingerprint || left.executor !== executor)) return false
  const { attempting, status, nextAt } = recordOf(run, step)
  if (status === 'running' || run.targets.of(step) !== fingerprint) return false
  return attempting !== fingerprint || (status !== 'blocked' && (nextAt ?? 0) <= run.deps.seams.clock.now())
}

async function noFresh(key: string): Promise<never> {
  throw new Error(`${key} was to be minted for a script that only travels`)
}
