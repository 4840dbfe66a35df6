// What the state of its steps says about an operation, told to its task alone: the platform is not blocked by it.

import { moveTask } from '../events/index.ts'
import type { Problem } from '../kernel/problem.ts'
import type { TaskState } from '../kernel/states.ts'
import type { Tx } from '../store/store.ts'
import { isAsleep, isHeld, isUnderWay } from './hold.ts'
import { waitsToBeAlone } from './opening.ts'
import { isOpen, isPresent, isQueued } from './operations.ts'
import { resolveValue } from './resolve.ts'
import { fencedWrite, type RunState } from './state.ts'
import type { OperationView, PlatformView } from './view.ts'
import { engineActor, saveRecord } from './write.ts'

interface Verdict {
  readonly state: TaskState
  readonly reason: string | null
  readonly problem: Problem | null
}

/** Brings the tasks of operations in line with their steps. */
export async function settleOperations(run: RunState): Promise<void> {
  for (const operation of run.view.operations) {
    if (!isOpen(operation)) continue
    const verdict = judge(run, operation)
    if (verdict.state !== operation.state) await tell(run, operation, verdict)
  }
}

function judge(run: RunState, operation: OperationView): Verdict {
  const { view, schedule } = run
  const left = operation.plan.steps.filter((step) => !schedule.isClean(step.key))
  if (left.length === 0) return { state: 'done', reason: null, problem: null }
  for (const step of left) {
    const record = view.records.get(step.key)
    if (record?.status === 'blocked' && record.problem) return failed(record.problem)
    if (step.on.kind === 'member' && !isPresent(view, step.on.member) && !isUnderWay(view, step.key))
      return failed(memberGone(operation, step.on.member))
  }
  if (isHeld(view)) return { state: 'waiting', reason: `the platform is ${view.state}`, problem: null }
  if (isAsleep(view)) return { state: 'waiting', reason: 'the platform is hibernated', problem: null }
  if (isQueued(view, operation))
    return { state: 'waiting', reason: 'an operation before it has not ended', problem: null }
  if (!hasBegun(view, operation) && waitsToBeAlone(run, operation))
    return { state: 'waiting', reason: 'what was under way before it has not ended', problem: null }
  return { state: 'running', reason: null, problem: null }
}

function hasBegun(view: PlatformView, { plan }: OperationView): boolean {
  return plan.steps.some((step) => view.records.has(step.key) || isUnderWay(view, step.key))
}

function failed(problem: Problem): Verdict {
  return { state: 'failed', reason: problem.detail, problem }
}

function memberGone(operation: OperationView, member: string): Problem {
  return {
    code: 'member_gone',
    detail: `${member} left the platform before ${operation.name} was done on it.`,
    facts: { member, operation: operation.name },
    next: `Run it anew, for the members there are now:  gantry task retry ${operation.task}`,
  }
}

async function tell(run: RunState, operation: OperationView, verdict: Verdict): Promise<void> {
  const over = verdict.state === 'done' || verdict.state === 'failed'
  const written = await fencedWrite(run, async (tx) => {
    const row = await tx.selectFrom('tasks').select('state').where('id', '=', operation.task).executeTakeFirst()
    // Cancelled or superseded since it was read.
    if (row?.state !== operation.state) return false
    if (verdict.state === 'done') await saveOutputs(tx, run, operation)
    if (over && operation.plan.mode === 'exclusive') await restartClocks(tx, run)
    const { state: to, reason, problem } = verdict
    const cause = `operation ${operation.name}`
    await moveTask(tx, run.deps.seams, { task: operation.task, to, reason, problem, actor: engineActor, cause })
    return true
  })
  if (written) operation.state = verdict.state
  if (over || !written) run.wake()
}

async function saveOutputs(tx: Tx, run: RunState, operation: OperationView): Promise<void> {
  const outputs: Record<string, string | { $secret: string }> = {}
  for (const [name, { value }] of Object.entries(operation.plan.outputs)) {
    const resolved = resolveValue(run.view, value, 'known')
    if (resolved) outputs[name] = resolved.secretRef === null ? resolved.text : { $secret: resolved.secretRef }
  }
  await tx
    .updateTable('operations')
    .set({ outputs: JSON.stringify(outputs) })
    .where('task_id', '=', operation.task)
    .execute()
}

/** What stood still while the operation ran alone has its whole time again. */
async function restartClocks(tx: Tx, run: RunState): Promise<void> {
  for (const record of [...run.view.records.values()]) {
    if (record.deadlineAt === null || (record.status !== 'waiting' && record.status !== 'running')) continue
    await saveRecord(tx, run.view, { ...record, deadlineAt: null })
  }
}
