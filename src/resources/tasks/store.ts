import type { Scope } from '../../access/index.ts'
import { openTaskStates } from '../../engine/index.ts'
import { appendEvent } from '../../events/index.ts'
import { newId, type PlatformId, type ProjectId, type TaskId, type TenantId } from '../../kernel/ids.ts'
import type { TaskKind } from '../../kernel/requests.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { TaskState } from '../../kernel/states.ts'
import type { Db, TaskTable, Tx } from '../../store/index.ts'
import { missing } from '../missing.ts'

export interface TaskRow extends TaskTable {
  readonly platform_name: string
}

export interface TaskFilter {
  readonly tenant?: TenantId | undefined
  readonly project?: ProjectId | undefined
  readonly platform?: PlatformId | undefined
  readonly state?: TaskState | undefined
  /** Only tasks older than this one: lists show the newest first. */
  readonly before?: TaskId | undefined
  readonly limit: number
}

function tasks(db: Db, scope: Scope) {
  let query = db
    .selectFrom('tasks')
    .innerJoin('platforms', 'platforms.id', 'tasks.platform_id')
    .selectAll('tasks')
    .select('platforms.name as platform_name')
  if (scope.tenant !== null) query = query.where('tasks.tenant_id', '=', scope.tenant)
  if (scope.project !== null) query = query.where('tasks.project_id', '=', scope.project)
  return query
}

/** The newest first. */
export function listTasks(db: Db, scope: Scope, filter: TaskFilter): Promise<TaskRow[]> {
  let query = tasks(db, scope)
  if (filter.tenant !== undefined) query = query.where('tasks.tenant_id', '=', filter.tenant)
  if (filter.project !== undefined) query = query.where('tasks.project_id', '=', filter.project)
  if (filter.platform !== undefined) query = query.where('tasks.platform_id', '=', filter.platform)
  if (filter.state !== undefined) query = query.where('tasks.state', '=', filter.state)
  if (filter.before !== undefined) query = query.where('tasks.id', '<', filter.before)
  return query.orderBy('tasks.id', 'desc').limit(filter.limit).execute()
}

/** Throws not_found. */
export async function getTask(db: Db, scope: Scope, id: TaskId): Promise<TaskRow> {
  return (await tasks(db, scope).where('tasks.id', '=', id).executeTakeFirst()) ?? missing('task', id)
}

/** The newest task of what a platform is wanted to be that has not ended; operations are beside it. */
export async function openTask(db: Db, platform: PlatformId): Promise<TaskId | null> {
  const row = await db
    .selectFrom('tasks')
    .select('id')
    .where('platform_id', '=', platform)
    .where('state', 'in', openTaskStates)
    .where('operation', 'is', null)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.id ?? null
}

/** A request becomes a task in the transaction that makes it due. */
export async function createTask(
  tx: Tx,
  scope: Scope,
  seams: Seams,
  wish: {
    readonly kind: TaskKind
    readonly tenant: TenantId
    readonly project: ProjectId
    readonly platform: PlatformId
  } & ({ readonly generation: number } | { readonly operation: string }),
): Promise<TaskId> {
  const bound = 'operation' in wish ? { operation: wish.operation } : { generation: wish.generation }
  const id = newId('task', seams)
  await tx
    .insertInto('tasks')
    .values({
      id,
      kind: wish.kind,
      tenant_id: wish.tenant,
      project_id: wish.project,
      platform_id: wish.platform,
      generation: null,
      operation: null,
      ...bound,
      state: 'queued',
      reason: null,
      problem: null,
      superseded_by: null,
      actor: scope.actor,
      created_at: seams.clock.now(),
      started_at: null,
      ended_at: null,
    })
    .execute()
  await appendEvent(tx, seams, {
    kind: 'task.created',
    subject: { kind: 'task', id },
    tenant: wish.tenant,
    project: wish.project,
    platform: wish.platform,
    task: id,
    actor: scope.actor,
    cause: wish.kind,
    data: { kind: wish.kind, ...bound },
  })
  return id
}
