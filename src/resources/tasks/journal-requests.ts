// What was asked for a platform, in its order: the tasks, and what ended with its answer, as decisions and events tell it.

import { z } from 'zod'
import type { JournalLine } from '../../kernel/journal.ts'
import { taskKinds } from '../../kernel/requests.ts'
import type { Db, TaskTable } from '../../store/index.ts'

type Request = Extract<JournalLine, { line: 'request' }>
/** With the event that told it, for what was asked within one ms. */
type Told = Request & { readonly seq: number }

const parametersSchema = z.record(z.string(), z.json())
const specSchema = z.object({ parameters: parametersSchema })
const problemSchema = z.object({ code: z.string() })
const kindSchema = z.enum(taskKinds)
const retrySchema = z.looseObject({ decision: z.literal('retry') })
const resolvedSchema = z.object({ resolution: z.string(), code: z.string(), problem: z.string() })

const answered = { line: 'request', task: null, operation: null, blueprint: null, parameters: {}, about: {} } as const
const ended = { state: null, code: null, endedAt: null }

/** Those made until then, the oldest first. */
export async function requestLines(db: Db, task: TaskTable, until: number): Promise<Request[]> {
  const tasks = await taskLines(db, task, until)
  const all: Told[] = [
    ...tasks,
    ...(await personLines(db, task, until, tasks)),
    ...(await eventLines(db, task, until)),
    ...(await maintenanceLines(db, task, until)),
  ]
  return all.sort((one, other) => one.at - other.at || one.seq - other.seq).map(({ seq, ...request }) => request)
}

async function taskLines(db: Db, task: TaskTable, until: number): Promise<Told[]> {
  const revisions = await db
    .selectFrom('revisions')
    .select(['number', 'kind', 'blueprint_digest', 'spec'])
    .where('platform_id', '=', task.platform_id)
    .execute()
  const rows = await db
    .selectFrom('tasks')
    .leftJoin('operations', 'operations.task_id', 'tasks.id')
    .innerJoin('events', 'events.task_id', 'tasks.id')
    .selectAll('tasks')
    .select(['operations.parameters', 'events.seq'])
    .where('events.kind', '=', 'task.created')
    .where('tasks.platform_id', '=', task.platform_id)
    .where('tasks.created_at', '<=', until)
    .execute()
  return rows.map((row) => {
    // A wish has the number of its task's generation; what goes on with one is of the same.
    const wish = revisions.find(({ number, kind }) => number === row.generation && row.kind === `platform.${kind}`)
    const parameters = wish
      ? specSchema.parse(JSON.parse(wish.spec)).parameters
      : row.parameters === null
        ? {}
        : parametersSchema.parse(JSON.parse(row.parameters))
    return {
      line: 'request',
      seq: row.seq,
      at: row.created_at,
      task: row.id,
      kind: kindSchema.parse(row.kind),
      operation: row.operation,
      blueprint: wish?.blueprint_digest ?? null,
      parameters,
      about: {},
      state: row.state,
      code: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)).code,
      endedAt: row.ended_at,
    }
  })
}

/** What a person chose: to try again where no new task followed it, or how a problem ends. */
async function personLines(
  db: Db,
  { platform_id }: TaskTable,
  until: number,
  tasks: readonly Request[],
): Promise<Told[]> {
  const rows = await db
    .selectFrom('events')
    .select(['at', 'seq', 'data'])
    .where('platform_id', '=', platform_id)
    .where('kind', '=', 'decision.taken')
    .where('at', '<=', until)
    .execute()
  return rows.flatMap(({ at, seq, data }): Told[] => {
    const chosen = retrySchema.safeParse(JSON.parse(data)).data
    if (!chosen) return []
    const resolved = resolvedSchema.safeParse(chosen).data
    if (resolved) return [{ ...answered, ...ended, at, seq, kind: 'problem.resolve', about: resolved }]
    if (tasks.some((task) => task.at === at && task.kind === 'platform.retry')) return []
    return [{ ...answered, ...ended, at, seq, kind: 'platform.retry' }]
  })
}

async function eventLines(db: Db, { platform_id }: TaskTable, until: number): Promise<Told[]> {
  const rows = await db
    .selectFrom('events')
    .leftJoin('machines', 'machines.id', 'events.subject_id')
    .select(['seq', 'at', 'kind', 'task_id', 'to_state', 'cause', 'machines.member'])
    .where('events.platform_id', '=', platform_id)
    .where('at', '<=', until)
    .where((where) =>
      where.or([
        where.and([where('kind', '=', 'task.state'), where('to_state', '=', 'cancelled')]),
        where.and([where('kind', '=', 'platform.state'), where('to_state', '=', 'paused')]),
        where('kind', 'in', ['platform.forgotten', 'machine.forgotten']),
      ]),
    )
    .orderBy('seq')
    .execute()
  return rows.map(({ seq, at, kind, task_id, cause, member }): Told => {
    const request = { ...answered, ...ended, at, seq }
    if (kind === 'task.state') return { ...request, kind: 'task.cancel', about: { task: task_id ?? '' } }
    if (kind === 'platform.state') return { ...request, kind: 'platform.pause' }
    const reason = cause ?? 'as recorded'
    if (kind === 'machine.forgotten')
      return { ...request, kind: 'machine.forget', about: { problem: member ?? '', reason } }
    return { ...request, kind: 'platform.forget', about: { reason } }
  })
}

/** Of hosts on which machines of the platform were. */
async function maintenanceLines(db: Db, { platform_id }: TaskTable, until: number): Promise<Told[]> {
  const rows = await db
    .selectFrom('maintenances')
    .innerJoin('machines', (join) =>
      join
        .onRef('machines.provider_id', '=', 'maintenances.provider_id')
        .onRef('machines.host', '=', 'maintenances.host'),
    )
    .select(['maintenances.host', 'started_at', 'ended_at'])
    .distinct()
    .where('machines.platform_id', '=', platform_id)
    .where('started_at', '<=', until)
    .execute()
  return rows.flatMap(({ host, started_at, ended_at }): Told[] => [
    { ...answered, ...ended, seq: 0, at: started_at, kind: 'host.maintenance', about: { host } },
    ...(ended_at !== null && ended_at <= until
      ? [{ ...answered, ...ended, seq: 0, at: ended_at, kind: 'host.maintenance-end' as const, about: { host } }]
      : []),
  ])
}
