// One step, once: its attempt is on the disk before its first effect, its outcome with its event after.

import type { PlanStep } from '../blueprints/plan-types.ts'
import { moveMachine } from '../events/index.ts'
import type { Problem } from '../kernel/problem.ts'
import { unreachable } from '../kernel/unreachable.ts'
import type { Tx } from '../store/store.ts'
import { memberAdvanced } from './advance.ts'
import { backoffMs, blockedRetryMs } from './backoff.ts'
import { beginningWrite, NotNow } from './beginning.ts'
import { stepContext, update } from './context.ts'
import { forgetFresh } from './fresh.ts'
import { isUnderWay } from './hold.ts'
import { plainWith } from './input.ts'
import { LeaseLost } from './lease.ts'
import { lookAgain } from './looks.ts'
import { allSteps } from './planning.ts'
import { fencedWrite, type RunState, recordOf } from './state.ts'
import type { StepOutcome } from './step-kind.ts'
import type { MemberView, RecordView } from './view.ts'
import { engineActor, saveRecord, stepEvent, storeOutputs, writeEnd } from './write.ts'

/** Runs `step` towards `fingerprint` once and records what came of it. Rejects only when the run is over. */
export async function executeStep(run: RunState, step: PlanStep, fingerprint: string): Promise<void> {
  try {
    const begun = await begin(run, step, fingerprint)
    const outcome = await ensured(run, step, fingerprint, begun)
    await finish(run, step, fingerprint, outcome)
  } catch (error) {
    if (!(error instanceof NotNow)) throw error
    await putOff(run, step, error.message)
  }
}

function ensured(run: RunState, step: PlanStep, fingerprint: string, begun: RecordView): Promise<StepOutcome> {
  const kind = run.deps.kinds.get(step.kind)
  if (!kind) throw new Error(`no step kind ${step.kind}`)
  const slowTry = begun.status === 'blocked'
  const deadlineAt = slowTry ? run.deps.seams.clock.now() + step.deadlineMs : begun.deadlineAt
  return kind
    .ensure(stepContext(run, step, fingerprint, deadlineAt ?? Number.POSITIVE_INFINITY))
    .catch((error: unknown) => unexpected(run, step, error))
}

/** How soon what may not begin is asked for again, should nothing wake it before. */
const notNowMs = 1_000

/** Nothing may begin: what was recorded of the step stays, and the run reads why. */
async function putOff(run: RunState, step: PlanStep, reason: string): Promise<void> {
  const record = run.view.records.get(step.key)
  const nextAt = run.deps.seams.clock.now() + notNowMs
  // Also of what nothing is recorded yet: reading afresh may not tell why, and asking without rest would be a storm.
  run.putOff.set(step.key, nextAt)
  await fencedWrite(run, async (tx) => {
    await writeEnd(tx, run, step.key)
    if (record?.status === 'running') await saveRecord(tx, run.view, { ...record, status: 'waiting', reason, nextAt })
  })
  run.wake()
}

async function begin(run: RunState, step: PlanStep, fingerprint: string): Promise<RecordView> {
  const before = recordOf(run, step)
  const now = run.deps.seams.clock.now()
  // Looking again at what is under way changes nothing that a crash could lose. What is blocked stays so until
  // it is done or its target changes: a slow try by itself must not make it look as if somebody had mended it.
  const sameTarget = before.attempting === fingerprint
  if (sameTarget && (before.status === 'blocked' || before.deadlineAt !== null)) return before
  const record: RecordView = {
    ...before,
    attempting: fingerprint,
    status: 'running',
    attempts: sameTarget ? before.attempts : 0,
    firstAttemptAt: now,
    deadlineAt: now + step.deadlineMs,
    nextAt: null,
    reason: null,
    startedAt: now,
    finishedAt: null,
  }
  const member = step.kind === 'machine' || step.kind === 'power' ? run.view.members.get(step.input.member) : undefined
  const to = member && machineStateAtBegin(step, member)
  // What was sent along with the script before it has begun already, or may at any moment: it is followed, not begun.
  const write = (work: (tx: Tx) => Promise<void>) =>
    isUnderWay(run.view, step.key) ? fencedWrite(run, work) : beginningWrite(run, step.key, work)
  await write(async (tx) => {
    await saveRecord(tx, run.view, record)
    await stepEvent(tx, run.deps.seams, run.view, 'step.started', step.key, { want: step.want })
    if (member && to)
      await moveMachine(tx, run.deps.seams, { machine: member.machine.id, to, actor: engineActor, cause: step.key })
    if (member && to) update(run, member.ref, { state: to })
  })
  return record
}

function machineStateAtBegin(step: PlanStep, member: MemberView): 'creating' | 'deleting' | 'stopped' | undefined {
  // Before it is stopped, so that no scan takes it for dead meanwhile.
  if (step.kind === 'power') return step.input.to === 'off' ? 'stopped' : undefined
  if (step.want === 'absent') return member.machine.state === 'deleting' ? undefined : 'deleting'
  return member.machine.state === 'planned' ? 'creating' : undefined
}

async function finish(run: RunState, step: PlanStep, fingerprint: string, outcome: StepOutcome): Promise<void> {
  switch (outcome.kind) {
    case 'done':
      return done(run, step, fingerprint, outcome)
    case 'wait':
      if (isBlocked(run, step, fingerprint)) return stillBlocked(run, step, outcome.afterMs)
      if (pastDeadline(run, step)) return givenUp(run, step, fingerprint, timedOut(run, step, outcome.reason))
      return later(run, step, outcome.afterMs, outcome.reason)
    case 'failed':
      if (isBlocked(run, step, fingerprint)) return givenUp(run, step, fingerprint, outcome.problem)
      return failed(run, step, fingerprint, outcome.problem, outcome.retryAfterMs)
    case 'blocked':
      return givenUp(run, step, fingerprint, outcome.problem)
    default:
      return unreachable(outcome)
  }
}

async function done(
  run: RunState,
  step: PlanStep,
  fingerprint: string,
  outcome: Extract<StepOutcome, { kind: 'done' }>,
): Promise<void> {
  const { seams, vault } = run.deps
  const now = seams.clock.now()
  await fencedWrite(run, async (tx) => {
    const before = recordOf(run, step)
    const outputs = await storeOutputs(outcome.outputs ?? {}, (name, value) =>
      vault.put(tx, { owner: run.view.tenantId, purpose: `${run.view.id} ${step.key} ${name}`, value }),
    )
    await writeEnd(tx, run, step.key)
    await saveRecord(tx, run.view, {
      ...before,
      ...achievedNow(run, step, fingerprint, before),
      outputs,
      finishedAt: now,
    })
    await stepEvent(tx, seams, run.view, 'step.done', step.key, { seconds: (now - (before.startedAt ?? now)) / 1000 })
    const member = step.member === null ? undefined : run.view.members.get(step.member)
    if (member) await memberAdvanced(tx, run, step, member, outcome)
  })
  await forgetFresh(run, step)
}

function achievedNow(run: RunState, step: PlanStep, fingerprint: string, before: RecordView): Partial<RecordView> {
  const script = step.kind === 'script' || step.kind === 'gate' ? step : undefined
  return {
    achieved: fingerprint,
    attempting: null,
    status: 'done',
    member: step.mode === 'once' && script?.on.kind === 'member' ? script.on.member : before.member,
    input: script
      ? JSON.stringify({ kind: step.kind, input: script.input, with: plainWith(run, script.input) })
      : before.input,
    suspect: null,
    attempts: 0,
    nextAt: null,
    reason: null,
    problem: null,
    memo: null,
  }
}

function isBlocked(run: RunState, step: PlanStep, fingerprint: string): boolean {
  const record = recordOf(run, step)
  return record.status === 'blocked' && record.attempting === fingerprint
}

/** A blocked step that gets on again: looked at soon, and blocked until it is done. */
async function stillBlocked(run: RunState, step: PlanStep, afterMs: number): Promise<void> {
  const record = { ...recordOf(run, step), nextAt: run.deps.seams.clock.now() + afterMs }
  if (run.ends.has(step.key)) await fencedWrite(run, (tx) => writeEnd(tx, run, step.key))
  lookAgain(run, record)
}

async function later(run: RunState, step: PlanStep, afterMs: number, reason: string): Promise<void> {
  const before = recordOf(run, step)
  const record: RecordView = { ...before, status: 'waiting', reason, nextAt: run.deps.seams.clock.now() + afterMs }
  // A poll that found nothing new is not worth a commit: after a crash it is simply looked at again.
  if (before.status !== 'waiting' || before.reason !== reason || run.ends.has(step.key)) {
    await fencedWrite(run, async (tx) => {
      await writeEnd(tx, run, step.key)
      await saveRecord(tx, run.view, record)
      if (before.reason !== reason) await stepEvent(tx, run.deps.seams, run.view, 'step.waiting', step.key, { reason })
    })
  } else {
    lookAgain(run, record)
  }
}

async function failed(
  run: RunState,
  step: PlanStep,
  fingerprint: string,
  problem: Problem,
  retryAfterMs: number | undefined,
): Promise<void> {
  const before = recordOf(run, step)
  const attempts = before.attempts + 1
  if (attempts >= step.maxAttempts || pastDeadline(run, step)) return givenUp(run, step, fingerprint, problem, attempts)
  const { seams } = run.deps
  const record: RecordView = {
    ...before,
    status: 'waiting',
    attempts,
    problem,
    reason: problem.detail,
    memo: null,
    nextAt: seams.clock.now() + (retryAfterMs ?? backoffMs(seams.random, attempts)),
  }
  await fencedWrite(run, async (tx) => {
    await writeEnd(tx, run, step.key)
    await saveRecord(tx, run.view, record)
    await stepEvent(tx, seams, run.view, 'step.failed', step.key, {
      attempt: attempts,
      of: step.maxAttempts,
      code: problem.code,
      detail: problem.detail,
      effect: problem.facts?.effect ?? undefined,
    })
  })
}

/** Out of attempts or time, or no use in trying: blocked, unless the author said to go on without it. */
async function givenUp(
  run: RunState,
  step: PlanStep,
  fingerprint: string,
  problem: Problem,
  attempts?: number,
): Promise<void> {
  if (step.kind === 'script' && step.onTimeout === 'proceed') return done(run, step, fingerprint, { kind: 'done' })
  const before = recordOf(run, step)
  const { seams } = run.deps
  const record: RecordView = {
    ...before,
    status: 'blocked',
    attempts: attempts ?? before.attempts,
    problem,
    reason: problem.detail,
    nextAt: seams.clock.now() + blockedRetryMs,
  }
  await fencedWrite(run, async (tx) => {
    await writeEnd(tx, run, step.key)
    await saveRecord(tx, run.view, record)
    const told = before.status === 'blocked' && before.problem?.detail === problem.detail
    if (!told)
      await stepEvent(tx, seams, run.view, 'step.blocked', step.key, {
        code: problem.code,
        detail: problem.detail,
        next: problem.next,
      })
  })
  run.wake()
}

function pastDeadline(run: RunState, step: PlanStep): boolean {
  const { deadlineAt } = recordOf(run, step)
  return deadlineAt !== null && run.deps.seams.clock.now() >= deadlineAt
}

function timedOut(run: RunState, step: PlanStep, reason: string): Problem {
  return {
    code: 'step_timed_out',
    detail: `${step.key} was not done within ${Math.round(step.deadlineMs / 1000)} s: ${reason}`,
    facts: { step: step.key, deadlineMs: step.deadlineMs },
    next: `Mend what it waits for. It is tried again every 5 minutes by itself, and at once by:  gantry platform retry ${run.view.name}`,
  }
}

/**
 * Only what nothing explains is a fault of Gantry: not what a run stumbles over that another process has overtaken, nor a
 * step that is not asked for any more since it began.
 */
async function unexpected(run: RunState, step: PlanStep, error: unknown): Promise<StepOutcome> {
  if (error instanceof LeaseLost || error instanceof NotNow || run.controller.signal.aborted) throw error
  await fencedWrite(run, async () => undefined)
  if (!allSteps(run.view, run.plan).some(({ key }) => key === step.key))
    throw new NotNow(`${step.key} is not asked for any more`)
  run.deps.log('a step kind threw', { step: step.key, platform: run.view.id, error })
  return {
    kind: 'failed',
    problem: {
      code: 'internal',
      detail: `${step.key}: ${error instanceof Error ? error.message : String(error)}`,
      facts: { step: step.key },
      next: 'This is a fault of Gantry: please report it with the log of the server. It is tried again by itself.',
    },
  }
}
