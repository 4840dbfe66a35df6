// The only way a state is written: read it, ask the kernel's table whether the move is legal, write it
// with its time, and tell of it, all in the caller's transaction. Moving to the state that is there
// already tells nothing.

import type { Json } from '../kernel/canonical.ts'
import type { MachineId, MemberId, PlatformId, TaskId } from '../kernel/ids.ts'
import { type Problem, ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import {
  assertTransition,
  type MachineState,
  type MemberState,
  machineTransitions,
  memberTransitions,
  type PlatformState,
  platformTransitions,
  type TaskState,
  taskTransitions,
} from '../kernel/states.ts'
import type { PlatformTable, TaskTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { appendEvent } from './append.ts'
import { recordDuration } from './durations.ts'
import { endProblems } from './problems.ts'

interface Because {
  readonly actor: string
  /** Why, in a few words: `machine is dead`, `generation 3`, a step key. */
  readonly cause: string
  readonly task?: TaskId | null | undefined
  readonly data?: { readonly [key: string]: Json | undefined } | undefined
}

export interface Moved<S> {
  readonly from: S
  readonly to: S
  readonly changed: boolean
}

type Of<T, K extends keyof T> = { readonly platform: PlatformId } & Pick<T, K>

const selectPlatform = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('platforms')
    .select(['state', 'state_reason', 'tenant_id', 'project_id', 'version', 'ready_at', 'deleted_at'])
    .where('id', '=', platform),
)
const updateReason = statement((db, { platform, ...set }: Of<PlatformTable, 'state_reason' | 'version'>) =>
  db.updateTable('platforms').set(set).where('id', '=', platform),
)
const updatePlatform = statement(
  (
    db,
    {
      platform,
      ...set
    }: Of<PlatformTable, 'state' | 'state_since' | 'state_reason' | 'version' | 'ready_at' | 'deleted_at'>,
  ) => db.updateTable('platforms').set(set).where('id', '=', platform),
)

/**
 * Moves a platform, with `reason` as what explain shows (a new reason for the same state is kept, but is no
 * event). Raises its version; notes the first time it was ready, and when it was deleted; a deletion ends its problems.
 * Throws 'not_found'; an illegal move is a bug and throws a plain Error.
 */
export async function movePlatform(
  tx: Tx,
  seams: Seams,
  move: Because & { readonly platform: PlatformId; readonly to: PlatformState; readonly reason?: string | null },
): Promise<Moved<PlatformState>> {
  const { platform, to } = move
  const reason = move.reason ?? null
  const row = await selectPlatform.first(tx, { platform })
  if (!row) throw missing('platform', platform)
  if (row.state === to) {
    if (move.reason !== undefined && row.state_reason !== reason)
      await updateReason.run(tx, { platform, state_reason: reason, version: row.version + 1 })
    return { from: to, to, changed: false }
  }
  assertTransition(platformTransitions, row.state, to)
  const now = seams.clock.now()
  await updatePlatform.run(tx, {
    platform,
    state: to,
    state_since: now,
    state_reason: reason,
    version: row.version + 1,
    ready_at: to === 'ready' ? (row.ready_at ?? now) : row.ready_at,
    deleted_at: to === 'deleted' ? now : row.deleted_at,
  })
  await appendEvent(tx, seams, {
    ...told(move, 'platform.state', row.state, to),
    subject: { kind: 'platform', id: platform },
    tenant: row.tenant_id,
    project: row.project_id,
    platform,
    data: { ...(reason === null ? {} : { reason }), ...move.data },
  })
  if (to === 'deleting' || to === 'deleted') {
    const owner = { id: platform, tenantId: row.tenant_id, projectId: row.project_id }
    await endProblems(tx, seams, owner, { actor: move.actor, cause: `the platform is ${to}` })
  }
  return { from: row.state, to, changed: true }
}

const selectMachine = statement((db, { machine }: { machine: MachineId }) =>
  db
    .selectFrom('machines')
    .select(['state', 'member', 'tenant_id', 'project_id', 'platform_id', 'gone_at'])
    .where('id', '=', machine),
)
const updateMachine = statement(
  (db, row: { machine: MachineId; state: MachineState; state_since: number; gone_at: number | null }) => {
    const { machine, ...set } = row
    return db.updateTable('machines').set(set).where('id', '=', machine)
  },
)

/** Moves a machine; `deleted` notes `gone_at`. Throws 'not_found'; an illegal move throws a plain Error. */
export async function moveMachine(
  tx: Tx,
  seams: Seams,
  move: Because & { readonly machine: MachineId; readonly to: MachineState },
): Promise<Moved<MachineState>> {
  const { machine, to } = move
  const row = await selectMachine.first(tx, { machine })
  if (!row) throw missing('machine', machine)
  if (row.state === to) return { from: to, to, changed: false }
  assertTransition(machineTransitions, row.state, to)
  const now = seams.clock.now()
  const gone_at = to === 'deleted' ? (row.gone_at ?? now) : row.gone_at
  await updateMachine.run(tx, { machine, state: to, state_since: now, gone_at })
  await appendEvent(tx, seams, {
    ...told(move, 'machine.state', row.state, to),
    subject: { kind: 'machine', id: machine },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.platform_id,
    machine,
    data: { member: row.member, ...move.data },
  })
  return { from: row.state, to, changed: true }
}

const selectMember = statement((db, { member }: { member: MemberId }) =>
  db
    .selectFrom('members')
    .innerJoin('platforms', 'platforms.id', 'members.platform_id')
    .select(['members.state', 'members.cause', 'group_name', 'ordinal', 'incarnation', 'platform_id', 'machine_id'])
    .select(['platforms.tenant_id', 'platforms.project_id'])
    .where('members.id', '=', member),
)
const updateMember = statement(
  (db, row: { member: MemberId; state: MemberState; state_since: number; cause: string | null }) => {
    const { member, ...set } = row
    return db.updateTable('members').set(set).where('id', '=', member)
  },
)

/**
 * Moves a member; a member that begins to leave keeps `cause` as the reason it leaves, and its problems end. Throws like
 * the others.
 */
export async function moveMember(
  tx: Tx,
  seams: Seams,
  move: Because & { readonly member: MemberId; readonly to: MemberState },
): Promise<Moved<MemberState>> {
  const { member, to } = move
  const row = await selectMember.first(tx, { member })
  if (!row) throw missing('member', member)
  if (row.state === to) return { from: to, to, changed: false }
  assertTransition(memberTransitions, row.state, to)
  const cause = to === 'leaving' ? move.cause : row.cause
  await updateMember.run(tx, { member, state: to, state_since: seams.clock.now(), cause })
  await appendEvent(tx, seams, {
    ...told(move, 'member.state', row.state, to),
    subject: { kind: 'member', id: member },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.platform_id,
    machine: row.machine_id,
    data: { member: `${row.group_name}-${row.ordinal}@${row.incarnation}`, ...move.data },
  })
  if (to === 'leaving' || to === 'gone') {
    const of = { id: row.platform_id, tenantId: row.tenant_id, projectId: row.project_id, machine: row.machine_id }
    const cause = to === 'gone' ? 'its member is gone' : `its member leaves: ${move.cause}`
    await endProblems(tx, seams, of, { actor: move.actor, cause })
  }
  return { from: row.state, to, changed: true }
}

const selectTask = statement((db, { task }: { task: TaskId }) =>
  db.selectFrom('tasks').selectAll().where('id', '=', task),
)
const updateSaid = statement((db, { task, ...set }: { task: TaskId } & Pick<TaskTable, 'reason' | 'problem'>) =>
  db.updateTable('tasks').set(set).where('id', '=', task),
)
const updateTask = statement(
  (
    db,
    {
      task,
      ...set
    }: { task: TaskId } & Pick<TaskTable, 'state' | 'reason' | 'problem' | 'superseded_by' | 'started_at' | 'ended_at'>,
  ) => db.updateTable('tasks').set(set).where('id', '=', task),
)

/**
 * Moves a task, noting when it first ran and when it ended. `problem` is kept when given and cleared
 * otherwise; a new reason or problem for the same state is kept too, but is no event. Throws like the others.
 */
export async function moveTask(
  tx: Tx,
  seams: Seams,
  move: Omit<Because, 'task'> & {
    readonly task: TaskId
    readonly to: TaskState
    readonly reason?: string | null
    readonly problem?: Problem | null
    readonly supersededBy?: TaskId
  },
): Promise<Moved<TaskState>> {
  const { task, to } = move
  const row = await selectTask.first(tx, { task })
  if (!row) throw missing('task', task)
  const reason = move.reason ?? null
  const problem = move.problem ? JSON.stringify(move.problem) : null
  if (row.state === to) {
    const said = move.reason !== undefined || move.problem !== undefined
    if (said && (row.reason !== reason || row.problem !== problem)) await updateSaid.run(tx, { task, reason, problem })
    return { from: to, to, changed: false }
  }
  assertTransition(taskTransitions, row.state, to)
  const now = seams.clock.now()
  await updateTask.run(tx, {
    task,
    state: to,
    reason,
    problem,
    superseded_by: move.supersededBy ?? row.superseded_by,
    started_at: row.started_at ?? (to === 'running' ? now : null),
    ended_at: taskTransitions[to].length === 0 ? now : null,
  })
  if (to === 'done') await recordDuration(tx, row, now)
  await appendEvent(tx, seams, {
    ...told(move, 'task.state', row.state, to),
    subject: { kind: 'task', id: task },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.platform_id,
    data: {
      ...(reason === null ? {} : { reason }),
      ...(move.problem ? { code: move.problem.code, detail: move.problem.detail } : {}),
      ...(move.supersededBy ? { supersededBy: move.supersededBy } : {}),
      ...move.data,
    },
  })
  return { from: row.state, to, changed: true }
}

function told<K extends 'platform.state' | 'machine.state' | 'member.state' | 'task.state'>(
  move: Because,
  kind: K,
  from: string,
  to: string,
) {
  return { kind, from, to, actor: move.actor, cause: move.cause, task: move.task }
}

function missing(kind: string, id: string): ProblemError {
  return new ProblemError({ code: 'not_found', detail: `There is no ${kind} ${id}.`, next: 'Check the id.' })
}
