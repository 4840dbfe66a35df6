// What a finished step means for its member: facts of its machine, joined, or gone. Written in the step's own
// transaction, so that a member is never "in" without the step that made it so.

import type { PlanStep } from '../blueprints/index.ts'
import { moveMachine, moveMember } from '../events/index.ts'
import type { MachineState } from '../kernel/states.ts'
import type { Tx } from '../store/store.ts'
import { update } from './context.ts'
import { wasMoved } from './moved.ts'
import type { RunState } from './state.ts'
import type { RecordedAttempt, StepOutcome } from './step-kind.ts'
import type { MemberView } from './view.ts'
import { engineActor, saveGone, saveMachineFacts } from './write.ts'

/** What a finished step means for its member: facts of its machine, joined, or gone. */
export async function memberAdvanced(
  tx: Tx,
  run: RunState,
  step: PlanStep,
  member: MemberView,
  outcome: Extract<StepOutcome, { kind: 'done' }>,
): Promise<void> {
  const { seams } = run.deps
  const because = { actor: engineActor, cause: step.key }
  const last = !run.schedule.isClean(step.key) && run.schedule.remaining(member.ref) === 1
  const arrived = isOnItsWay(member) && step.want === 'present' && last
  // Whoever is a member already was stopped and started again, and everything on it is as it should be; be it in the middle
  // of a change, or kept warm.
  const isMember = member.state === 'in' || member.state === 'changing'
  const back = isMember && last && isStarting(outcome.machine?.state ?? member.machine.state)
  const to = (arrived && member.state === 'joining') || back ? 'ready' : outcome.machine?.state
  if (outcome.machine) await saveMachineFacts(tx, member, outcome.machine)
  // It leaves since the step began: what was found of its machine is kept, but it goes on its way out.
  const moves = to !== undefined || arrived
  if (step.want === 'present' && (member.state === 'leaving' || (moves && (await wasMoved(tx, member))))) {
    update(run, member.ref, { ...outcome.machine, state: member.machine.state })
    run.wake()
    return
  }
  if (outcome.gone) await saveGone(tx, run.view, member, outcome.gone)
  if (to) await moveMachine(tx, seams, { machine: member.machine.id, to, ...because })
  update(run, member.ref, { ...outcome.machine, ...(to ? { state: to } : {}) })
  if (arrived) {
    await moveMember(tx, seams, { member: member.id, to: 'in', ...because })
    member.state = 'in'
  }
  if (step.kind === 'power' && step.input.to !== 'off') {
    await run.deps.hooks.machineRuns(tx, { view: run.view, member })
    member.machine.missing = false
    // Who answers again may end a problem, and what follows from it.
    run.wake()
  }
  if (step.kind === 'machine' && step.want === 'absent') {
    await leave(tx, run, member, step.key)
    left(run, member)
  }
}

/** Powered on, and not seen to answer yet. */
export function isStarting(state: MachineState): boolean {
  return state === 'booting' || state === 'bootstrapping'
}

/** Joining or changing; who is kept warm changes into nothing. */
export function isOnItsWay({ state, warmUntil }: Pick<MemberView, 'state' | 'warmUntil'>): boolean {
  return state === 'joining' || (state === 'changing' && warmUntil === null)
}

/** The member is gone: what it held is free, its steps and its host key are forgotten, what ran on it is over. */
async function leave(tx: Tx, run: RunState, member: MemberView, cause: string): Promise<void> {
  await moveMember(tx, run.deps.seams, { member: member.id, to: 'gone', actor: engineActor, cause })
  const { group, ordinal, machine } = member
  await run.deps.hooks.machineGone(tx, { platform: run.view.id, machine: machine.id, group, ordinal })
  await tx
    .deleteFrom('records')
    .where('platform_id', '=', run.view.id)
    .where('member', '=', member.ref)
    .where((where) => where.or([where('mode', '=', 'each'), where('kind', '=', 'power')]))
    .execute()
  await run.deps.vault.destroy(tx, member.machine.hostKeySecret)
  const over = attemptsOver(run, member)
  if (over.length === 0) return
  await tx
    .updateTable('attempts')
    .set({ ended_at: run.deps.seams.clock.now(), outcome: 'abandoned', detail: `${member.ref} is gone` })
    .where(
      'id',
      'in',
      over.map(([, attempt]) => attempt.id),
    )
    .where('ended_at', 'is', null)
    .execute()
}

/** What was under way on its machine, but for steps that anybody can go on with: those judge themselves what was lost. */
function attemptsOver(run: RunState, member: MemberView): [string, RecordedAttempt][] {
  return [...run.view.inFlight].filter(([key, attempt]) => {
    if (attempt.executor !== member.ref) return false
    const step = run.schedule.step(key)
    return !(step?.kind === 'script' || step?.kind === 'gate') || step.on.kind === 'member'
  })
}

function left(run: RunState, member: MemberView): void {
  member.state = 'gone'
  run.view.members.delete(member.ref)
  for (const [key] of attemptsOver(run, member)) run.view.inFlight.delete(key)
  for (const record of run.view.records.values()) {
    if (record.member === member.ref && record.mode === 'each') run.view.records.delete(record.key)
  }
  if (run.view.want === 'present') run.wake()
}
