// What the state of the steps says about the platform and its tasks, written when it changes.

import { isOperationKey, isPowerKey, machineKey, type PlanStep } from '../blueprints/index.ts'
import { movePlatform, moveTask } from '../events/index.ts'
import { newId } from '../kernel/ids.ts'
import type { Problem } from '../kernel/problem.ts'
import { type PlatformState, type TaskState, taskTransitions } from '../kernel/states.ts'
import { unreachable } from '../kernel/unreachable.ts'
import type { Tx } from '../store/store.ts'
import { isAsleep, isHeld } from './hold.ts'
import { saveOutputs } from './outputs.ts'
import { fencedWrite, type RunState } from './state.ts'
import { loadOpenTasks } from './tasks.ts'
import type { MemberView, OpenTask, PlatformView } from './view.ts'
import { engineActor } from './write.ts'

interface Verdict {
  readonly state: PlatformState
  readonly reason: string | null
  readonly problem: Problem | null
}

/** Brings platform and task states in line with the steps. True when the platform is over (deleted). */
export async function settle(run: RunState): Promise<boolean> {
  const verdict = judge(run)
  const { view } = run
  if (verdict.state === view.state && verdict.reason === view.stateReason && areTold(run, verdict)) return false
  const written = await fencedWrite(run, async (tx) => {
    // Held or deleted since it was read: what was judged then is not written over it.
    if (await isOutdated(tx, view)) return false
    await movePlatform(tx, run.deps.seams, {
      platform: view.id,
      to: verdict.state,
      reason: verdict.reason,
      actor: engineActor,
      cause: verdict.reason ?? `generation ${view.generation}`,
    })
    if (verdict.state === 'ready') await saveOutputs(tx, run)
    if (verdict.state === 'ready' && view.hibernation) await endHibernation(tx, run)
    if (verdict.state === 'deleted') await finishDeletion(tx, run)
    await settleTasks(tx, run, verdict)
    return true
  })
  if (!written) {
    run.wake()
    return false
  }
  view.state = verdict.state
  if (verdict.state === 'ready') view.readyAt ??= run.deps.seams.clock.now()
  view.stateReason = verdict.reason
  return verdict.state === 'deleted'
}

async function isOutdated(tx: Tx, view: PlatformView): Promise<boolean> {
  const row = await tx
    .selectFrom('platforms')
    .select(['state', 'generation'])
    .where('id', '=', view.id)
    .executeTakeFirst()
  return row?.state !== view.state || row.generation !== view.generation
}

/** Whether every task under way is told already what the platform's state means for it. */
function areTold({ view }: RunState, verdict: Verdict): boolean {
  return view.tasks.every((task) => task.generation > view.generation || task.state === taskState(verdict, task, view))
}

function judge(run: RunState): Verdict {
  const { view, schedule } = run
  const open = platformSteps(schedule.unclean())
  if (view.want === 'absent') {
    const blocked = blockedProblem(run)
    if (view.members.size === 0) return { state: 'deleted', reason: null, problem: null }
    return { state: 'deleting', reason: blocked?.detail ?? null, problem: blocked }
  }
  if (isHeld(view)) return { state: view.state, reason: view.stateReason, problem: null }
  if (isAsleep(view)) return judgeAsleep(run)
  const problem = blockedProblem(run)
  if (problem) return { state: 'blocked', reason: problem.detail, problem }
  if (view.state === 'pending') return { state: 'building', reason: null, problem: null }
  const lost = [...view.members.values()].find(
    (member) => member.machine.missing && member.state !== 'leaving' && member.warmUntil === null,
  )
  if (open.length === 0 && lost) return { state: 'degraded', reason: `${lost.name} is lost`, problem: null }
  const ill = [...view.members.values()].find(({ machine, state }) => machine.state === 'unhealthy' && state === 'in')
  if (open.length === 0 && ill) return { state: 'degraded', reason: `${ill.name} is unhealthy`, problem: null }
  if (open.length === 0 && view.unhealthy !== null) return { state: 'degraded', reason: view.unhealthy, problem: null }
  if (open.length === 0 && view.settled) return { state: 'ready', reason: null, problem: null }
  if (view.readyAt === null && view.state !== 'ready') return { state: 'building', reason: null, problem: null }
  const repairing = [...view.members.values()].find(isRepaired)
  if (repairing) return { state: 'degraded', reason: repairReason(run, repairing), problem: null }
  return view.state === 'degraded'
    ? { state: 'degraded', reason: view.stateReason, problem: null }
    : { state: 'changing', reason: null, problem: null }
}

/** Why a member leaves when somebody asked for it; any other is repaired. */
export const askedFor: readonly string[] = ['scaleDown', 'replaced']

function isRepaired({ state, cause }: MemberView): boolean {
  return state === 'leaving' && cause !== null && !askedFor.includes(cause)
}

/** Only what stops its machines counts: everything else is taken up when it wakes. */
function judgeAsleep(run: RunState): Verdict {
  const open = [...run.schedule.unclean()].filter((step) => isPowerKey(step.key))
  if (open.length === 0) return { state: 'hibernated', reason: null, problem: null }
  const problem = open
    .map((step) => run.view.records.get(step.key))
    .find((record) => record?.status === 'blocked')?.problem
  if (problem) return { state: 'blocked', reason: problem.detail, problem }
  return { state: 'changing', reason: 'its machines are being stopped', problem: null }
}

function repairReason({ view }: RunState, leaving: MemberView): string {
  const removal = view.records.get(machineKey(leaving.ref))
  const stuck = removal?.status === 'blocked' ? `; ${removal.problem?.detail ?? 'its old machine is not gone'}` : ''
  return `${leaving.name} is being replaced: ${leaving.cause}${stuck}`
}

/** Without those of operations: what is asked for once does not say how the platform is. */
function platformSteps(steps: Iterable<PlanStep>): PlanStep[] {
  return [...steps].filter((step) => !isOperationKey(step.key))
}

function blockedProblem(run: RunState): Problem | null {
  if (run.view.problem) return run.view.problem
  for (const step of platformSteps(run.schedule.unclean())) {
    const record = run.view.records.get(step.key)
    if (record?.status !== 'blocked' || !record.problem) continue
    // What cannot be proven gone keeps nobody from using what took its place: degraded, with the reason, not blocked.
    if (step.want === 'absent' && run.view.want === 'present' && run.view.readyAt !== null) continue
    // A problem of the target before (a machine that could not be made, and is to go now) is none of this one.
    if (record.attempting === run.targets.of(step)) return record.problem
  }
  return null
}

/** It runs as ever: the next plan knows nothing of it, and what is remembered of its steps is forgotten. */
async function endHibernation(tx: Tx, run: RunState): Promise<void> {
  await tx.deleteFrom('hibernations').where('platform_id', '=', run.view.id).where('power', '=', 'on').execute()
  run.wake()
}

async function finishDeletion(tx: Tx, run: RunState): Promise<void> {
  const { view, deps } = run
  const now = deps.seams.clock.now()
  await deps.hooks.platformGone(tx, view.id)
  await destroySecrets(tx, run)
  await tx.deleteFrom('records').where('platform_id', '=', view.id).execute()
  const receipt = { state: 'complete', completed_at: now } as const
  await tx
    .insertInto('receipts')
    .values({
      id: newId('receipt', deps.seams),
      platform_id: view.id,
      tenant_id: view.tenantId,
      project_id: view.projectId,
      created_at: now,
      ...receipt,
    })
    .onConflict((conflict) => conflict.column('platform_id').doUpdateSet(receipt))
    .execute()
}

/** Nothing is left that its keys open, and nobody that its outputs are for. */
async function destroySecrets(tx: Tx, { view, deps }: RunState): Promise<void> {
  await deps.vault.destroy(tx, view.sshSecret)
  for (const { outputs } of view.records.values()) {
    for (const { value, secret } of Object.values(outputs)) if (secret) await deps.vault.destroy(tx, value)
  }
}

async function settleTasks(tx: Tx, run: RunState, verdict: Verdict): Promise<void> {
  const { view } = run
  const tasks = await loadOpenTasks(tx, view.id)
  const left: OpenTask[] = []
  for (const task of tasks) {
    const to = task.generation > view.generation ? task.state : taskState(verdict, task, view)
    if (taskTransitions[to].length > 0) left.push({ ...task, state: to })
    if (task.generation > view.generation) continue
    await moveTask(tx, run.deps.seams, {
      task: task.id,
      to,
      reason: verdict.reason,
      problem: verdict.problem,
      actor: engineActor,
      cause: `platform ${verdict.state}`,
    })
  }
  view.tasks = left
}

function taskState(verdict: Verdict, task: OpenTask, view: PlatformView): TaskState {
  switch (verdict.state) {
    case 'ready':
    case 'deleted':
      return 'done'
    case 'blocked':
      return verdict.problem?.code === 'rollout_stopped' ? 'failed' : 'blocked'
    case 'deleting':
      return verdict.problem ? 'blocked' : 'running'
    case 'pending':
    case 'building':
    case 'changing':
    case 'degraded':
      return 'running'
    case 'held':
    case 'paused':
      return 'waiting'
    case 'hibernated':
      // What was asked for since waits until it wakes.
      return task.id === view.hibernation?.task ? 'done' : 'waiting'
    default:
      return unreachable(verdict.state)
  }
}
