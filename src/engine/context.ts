// The hands a step kind is given: facts to look at, and durable writes made under the run's fence.

import type { MemberRef, PlanStep, ScriptInput } from '../blueprints/plan-types.ts'
import { moveMachine } from '../events/index.ts'
import type { Json } from '../kernel/canonical.ts'
import { beginningWrite, NotNow } from './beginning.ts'
import { chooseExecutor, memberAnswers } from './executor.ts'
import { freshOutputs } from './fresh.ts'
import { resolveInput } from './input.ts'
import { recordJourney } from './journey.ts'
import { selectReportOnly } from './lease.ts'
import { openLog } from './logs.ts'
import { fencedWrite, mayAct, type RunState, recordOf } from './state.ts'
import type { MachineChange, StepContext } from './step-kind.ts'
import type { MemberView } from './view.ts'
import { engineActor, saveMachineFacts, saveRecord } from './write.ts'

export function stepContext(run: RunState, step: PlanStep, fingerprint: string, deadlineAt: number): StepContext {
  const { deps } = run
  const { store, vault } = deps
  return {
    platformId: run.view.id,
    platformName: run.view.name,
    step,
    fingerprint,
    seams: deps.seams,
    signal: run.controller.signal,
    fence: run.lease.fence,
    deadlineAt,
    machine: (ref) => memberOf(run, ref).machine,
    knows: (ref) => run.view.members.has(ref),
    answers: (ref) => memberAnswers(run.view.members.get(ref)),
    mayAct: () => mayAct(run),
    async mayDestroy() {
      const row = await selectReportOnly.first(store.read, {})
      return row?.report_only !== 1
    },
    async markCreateSent(ref) {
      const member = memberOf(run, ref)
      const at = deps.seams.clock.now()
      await beginningWrite(run, step.key, async (tx) => {
        await tx.updateTable('machines').set({ create_sent_at: at }).where('id', '=', member.machine.id).execute()
        update(run, ref, { createSentAt: at })
      })
    },
    noteMachine: (ref, change) => noteMachine(run, ref, change),
    secret: (ref) => vault.get(store.read, ref),
    sshKey: () => vault.get(store.read, run.view.sshSecret),
    script: (input) => scriptText(run, input),
    executor: () => chooseExecutor(run, step),
    resolve: (executor) =>
      resolveInput(run, step, executor, (freshKey) =>
        freshOutputs(run, step, freshKey, (minting) => stepContext(run, minting, minting.key, deadlineAt)),
      ),
    get inFlight() {
      return run.ends.has(step.key) ? null : (run.view.inFlight.get(step.key) ?? null)
    },
    recordJourney: (executor) => recordJourney(run, step, fingerprint, executor),
    endAttempt(outcome, exitCode, detail) {
      const attempt = run.view.inFlight.get(step.key)
      if (attempt)
        run.ends.set(step.key, { attemptId: attempt.id, at: deps.seams.clock.now(), outcome, exitCode, detail })
    },
    openLog: (attemptId, secrets) => openLog(run, attemptId, secrets),
    get memo() {
      return recordOf(run, step).memo
    },
    async setMemo(memo: Json) {
      await fencedWrite(run, (tx) => saveRecord(tx, run.view, { ...recordOf(run, step), memo }))
    },
  }
}

/** Throws NotNow when it is gone: a step of it may still wait for an answer when its machine is proven to be no more. */
export function memberOf(run: RunState, ref: MemberRef): MemberView {
  const member = run.view.members.get(ref)
  if (!member) throw new NotNow(`${ref} is no member any more`)
  return member
}

/** Writes what was learned of a machine, with the event when its state changes. */
export async function noteMachine(run: RunState, ref: MemberRef, change: MachineChange): Promise<void> {
  const member = memberOf(run, ref)
  const to = change.state === member.machine.state ? undefined : change.state
  await fencedWrite(run, async (tx) => {
    await saveMachineFacts(tx, member, change)
    if (to)
      await moveMachine(tx, run.deps.seams, {
        machine: member.machine.id,
        to,
        actor: engineActor,
        cause: `machine/${ref}`,
      })
    update(run, ref, change)
  })
}

/** Keeps the run's memory in step with what was written. */
export function update(run: RunState, ref: MemberRef, change: MachineChange & { createSentAt?: number }): void {
  const member = run.view.members.get(ref)
  if (member) member.machine = { ...member.machine, ...change }
}

/** By its digest: a member that is behind runs the script of the version it follows. */
function scriptText({ view }: RunState, { path, digest }: Pick<ScriptInput, 'path' | 'digest'>): string {
  for (const { blueprint } of [view.wish, ...view.older, ...view.operations]) {
    const script = blueprint.scripts[path]
    if (script?.digest === digest) return script.text
  }
  throw new Error(`no version that ${view.id} or an operation of it follows has this ${path}`)
}
