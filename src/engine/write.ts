// Every write of a run about its steps: state and event in one transaction, the fence checked first.

import { appendEvent } from '../events/index.ts'
import type { Json } from '../kernel/canonical.ts'
import { newId, type PlatformId } from '../kernel/ids.ts'
import type { Problem } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import type { AttemptTable, RecordTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import type { AttemptEnd, RunState } from './state.ts'
import type { GoneProof, MachineChange, RecordedAttempt } from './step-kind.ts'
import type { MemberView, Outputs, PlatformView, RecordView } from './view.ts'

/** Who acts when nobody asked: the engine itself. */
export const engineActor = 'gantry'

export type StepEvent =
  | 'step.started'
  | 'step.done'
  | 'step.waiting'
  | 'step.failed'
  | 'step.blocked'
  | 'step.forgotten'

export async function stepEvent(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  kind: StepEvent,
  key: string,
  data: { readonly [name: string]: Json | undefined },
): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    tenant: view.tenantId,
    project: view.projectId,
    platform: view.id,
    step: key,
    subject: { kind: 'platform', id: view.id },
    actor: engineActor,
    data,
  })
}

const upsertRecord = statement((db, row: RecordTable) =>
  db
    .insertInto('records')
    .values(row)
    .onConflict((conflict) => conflict.columns(['platform_id', 'key']).doUpdateSet(row)),
)

/** Writes the whole record, new or known, and remembers it. Called inside a write closure only. */
export async function saveRecord(tx: Tx, view: PlatformView, record: RecordView): Promise<void> {
  await upsertRecord.run(tx, recordRow(view, record))
  view.records.set(record.key, record)
}

function recordRow(view: PlatformView, record: RecordView): RecordTable {
  return {
    platform_id: view.id,
    key: record.key,
    kind: record.kind,
    mode: record.mode,
    member: record.member,
    input: record.input,
    achieved: record.achieved,
    attempting: record.attempting,
    status: record.status,
    outputs: JSON.stringify(record.outputs),
    suspect: record.suspect,
    attempts: record.attempts,
    first_attempt_at: record.firstAttemptAt,
    deadline_at: record.deadlineAt,
    next_at: record.nextAt,
    reason: record.reason,
    problem: problemText(record.problem),
    memo: record.memo === null ? null : JSON.stringify(record.memo),
    started_at: record.startedAt,
    finished_at: record.finishedAt,
  }
}

export function problemText(problem: Problem | null): string | null {
  return problem === null ? null : JSON.stringify(problem)
}

const deleteRecord = statement((db, { platform, key }: { platform: PlatformId; key: string }) =>
  db.deleteFrom('records').where('platform_id', '=', platform).where('key', '=', key),
)

export async function forgetRecords(tx: Tx, view: PlatformView, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await deleteRecord.run(tx, { platform: view.id, key })
    view.records.delete(key)
  }
}

const insertAttempt = statement((db, row: AttemptTable) => db.insertInto('attempts').values(row))

export async function saveAttempt(
  tx: Tx,
  seams: Seams,
  view: PlatformView,
  key: string,
  attempt: Omit<RecordedAttempt, 'id'>,
): Promise<RecordedAttempt> {
  const recorded: RecordedAttempt = { ...attempt, id: newId('attempt', seams) }
  await insertAttempt.run(tx, {
    id: recorded.id,
    platform_id: view.id,
    step_key: key,
    fingerprint: recorded.fingerprint,
    number: recorded.number,
    executor: recorded.executor,
    machine_id: recorded.machineId,
    fence: recorded.fence,
    started_at: recorded.startedAt,
    ended_at: null,
    outcome: null,
    exit_code: null,
    detail: null,
  })
  view.inFlight.set(key, recorded)
  return recorded
}

const updateEnd = statement((db, { attemptId, at, outcome, exitCode, detail }: AttemptEnd) =>
  db
    .updateTable('attempts')
    .set({ ended_at: at, outcome, exit_code: exitCode, detail })
    .where('id', '=', attemptId)
    .where('ended_at', 'is', null),
)

/** Writes the end of the step's attempt, if one is pending. */
export async function writeEnd(tx: Tx, run: RunState, key: string): Promise<void> {
  const end = run.ends.get(key)
  if (!end) return
  await updateEnd.run(tx, end)
  run.ends.delete(key)
  if (run.view.inFlight.get(key)?.id === end.attemptId) run.view.inFlight.delete(key)
}

/** Facts of a machine, without its state (that is a transition with an event). */
export async function saveMachineFacts(tx: Tx, member: MemberView, change: MachineChange): Promise<void> {
  const set = {
    ...(change.nativeRef === undefined ? {} : { native_ref: change.nativeRef }),
    ...(change.endpoints === undefined ? {} : { endpoints: JSON.stringify(change.endpoints) }),
    ...(change.addresses === undefined ? {} : { addresses: JSON.stringify(change.addresses) }),
  }
  if (Object.keys(set).length === 0) return
  await tx.updateTable('machines').set(set).where('id', '=', member.machine.id).execute()
}

/** The receipt's lines: what was gone, and by which observation we know. */
export async function saveGone(
  tx: Tx,
  view: PlatformView,
  member: MemberView,
  proofs: readonly GoneProof[],
): Promise<void> {
  for (const proof of proofs) {
    await tx
      .insertInto('receipt_objects')
      .values({
        platform_id: view.id,
        provider_id: member.machine.providerId,
        resource_key: member.machine.resourceKey,
        kind: proof.kind,
        native_ref: proof.ref,
        machine_id: member.machine.id,
        proof: proof.proof,
        observed_at: proof.observedAt,
        reopened_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

/** Outputs as a record keeps them: secrets go to the vault, the record holds their reference. */
export async function storeOutputs(
  outputs: Outputs,
  putSecret: (name: string, value: string) => Promise<string>,
): Promise<Outputs> {
  const stored: Record<string, { value: string; secret: boolean }> = {}
  for (const [name, output] of Object.entries(outputs)) {
    stored[name] = output.secret ? { value: await putSecret(name, output.value), secret: true } : output
  }
  return stored
}
