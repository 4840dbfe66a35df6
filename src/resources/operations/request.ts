// An operation is decided when it is asked for: with which parameters, for which members. What follows is the engine's.

import type { Scope } from '../../access/index.ts'
import {
  type Blueprint,
  type OperationInput,
  type OperationPlan,
  planOperation,
  resolveOperationParameters,
} from '../../blueprints/index.ts'
import {
  isAsleep,
  isStill,
  loadPlatform,
  makeDue,
  openTaskStates,
  operationInputSchema,
  type PlatformView,
  planOf,
} from '../../engine/index.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Db, Tx } from '../../store/index.ts'
import type { PlatformRow } from '../platforms/index.ts'
import type { Rooms } from '../rooms.ts'
import { createTask } from '../tasks/index.ts'

export interface OperationWish {
  readonly operation: string
  readonly parameters: Readonly<Record<string, unknown>>
}

interface Decided {
  /** Its own parameters, complete. */
  readonly parameters: OperationInput['parameters']
  readonly input: Omit<OperationInput, 'task' | 'operation'>
  readonly planFor: (task: string) => OperationPlan
}

type Needed = Pick<Rooms, 'seams' | 'blueprints'>

/**
 * What would be run, and on whom. Throws unknown_operation, unknown_parameter, invalid_parameter; wrong_state for a
 * platform that goes, platform_held, not_founded, and conflict while another operation runs alone.
 */
export async function decideOperation(rooms: Needed, db: Db, row: PlatformRow, wish: OperationWish): Promise<Decided> {
  const blueprint: Blueprint = await rooms.blueprints(db, row.blueprint_digest)
  const parameters = resolveOperationParameters(blueprint, wish.operation, wish.parameters)
  const view = await loadPlatform(db, rooms.blueprints, row.id)
  if (!view || view.want === 'absent') throw going(row)
  if (isStill(view.state)) throw held(row)
  if (isAsleep(view)) throw hibernated(row)
  const members = [...view.members.values()].filter((member) => member.state === 'in' || member.state === 'changing')
  if (!isFounded(view) || members.length === 0) throw notFounded(row)
  await refuseBesideExclusive(db, row)
  const input = {
    parameters: { ...view.parameters, ...parameters },
    members: members.map((member) => member.ref),
    founders: view.founders,
    foundings: view.foundings,
  }
  const { operation } = wish
  return { parameters, input, planFor: (task) => planOperation(blueprint, { ...input, task, operation }) }
}

/** Writes the operation and its task, and makes its run due. Throws what decideOperation throws. */
export async function requestOperation(
  rooms: Needed,
  tx: Tx,
  scope: Scope,
  row: PlatformRow,
  wish: OperationWish,
): Promise<TaskId> {
  const decided = await decideOperation(rooms, tx, row, wish)
  const task = await createTask(tx, scope, rooms.seams, {
    kind: 'platform.operation',
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    operation: wish.operation,
  })
  await tx
    .insertInto('operations')
    .values({
      task_id: task,
      platform_id: row.id,
      blueprint_digest: row.blueprint_digest,
      mode: decided.planFor(task).mode,
      parameters: JSON.stringify(decided.parameters),
      input: JSON.stringify(operationInputSchema.parse(decided.input)),
      outputs: '{}',
    })
    .execute()
  await makeDue(tx, row.id, rooms.seams.clock.now())
  return task
}

/** Whether every step that founds is recorded as done. */
function isFounded(view: PlatformView): boolean {
  return planOf(view).steps.every(
    (step) => step.mode !== 'once' || (view.records.get(step.key)?.achieved ?? null) !== null,
  )
}

async function refuseBesideExclusive(db: Db, row: PlatformRow): Promise<void> {
  const other = await db
    .selectFrom('operations')
    .innerJoin('tasks', 'tasks.id', 'operations.task_id')
    .select(['task_id', 'tasks.operation'])
    .where('operations.platform_id', '=', row.id)
    .where('operations.mode', '=', 'exclusive')
    .where('tasks.state', 'in', openTaskStates)
    .executeTakeFirst()
  if (!other) return
  throw new ProblemError({
    code: 'conflict',
    detail: `${other.operation} runs alone on ${row.name}, and has not ended.`,
    facts: { platform: row.id, operation: other.operation, task: other.task_id },
    next: `Wait for it:  gantry task wait ${other.task_id}`,
  })
}

function going(row: PlatformRow): ProblemError {
  return new ProblemError({
    code: 'wrong_state',
    detail: `Platform ${row.name} is ${row.state}: nothing is run on it any more.`,
    facts: { platform: row.id, state: row.state },
    next: `What became of it:  gantry history ${row.name}`,
  })
}

function held(row: PlatformRow): ProblemError {
  return new ProblemError({
    code: 'platform_held',
    detail: `Platform ${row.name} is ${row.state}: nothing begins on it.`,
    facts: { platform: row.id, reason: row.state_reason },
    next: `Go on first:  gantry platform resume ${row.name}`,
  })
}

function hibernated(row: PlatformRow): ProblemError {
  return new ProblemError({
    code: 'platform_hibernated',
    detail: `Platform ${row.name} is hibernated: its machines do not run.`,
    facts: { platform: row.id },
    next: `Wake it first:  gantry platform wake ${row.name}`,
  })
}

function notFounded(row: PlatformRow): ProblemError {
  return new ProblemError({
    code: 'not_founded',
    detail: `Platform ${row.name} is ${row.state} and not founded yet: there is nothing to run it on.`,
    facts: { platform: row.id, state: row.state },
    next: `Wait until it is ready; what it waits for:  gantry explain ${row.name}`,
  })
}
