// Everything that is remembered of how a task came to where it is, as lines of a journal: the platform's life until then,
// because what a task finds is what those before it have left.

import { z } from 'zod'
import type { TaskId } from '../../kernel/ids.ts'
import type { JournalLine } from '../../kernel/journal.ts'
import type { Db, TaskTable } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'

const parametersSchema = z.object({ parameters: z.record(z.string(), z.json()) })
const filesSchema = z.record(z.string(), z.string())
const imagesSchema = z.record(z.string(), z.unknown())
const outputsSchema = z.record(z.string(), z.object({ value: z.string(), secret: z.boolean() }))
const problemSchema = z.object({ code: z.string(), detail: z.string().optional() })
const stepDataSchema = z.object({ code: z.string().optional(), detail: z.string().optional() })

/** Of each log only its end is kept, in characters. */
const logCharacters = 4_000

export async function journalOf(rooms: Rooms, id: TaskId): Promise<JournalLine[]> {
  const db = rooms.store.read
  const task = await db.selectFrom('tasks').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  const platform = await db
    .selectFrom('platforms')
    .selectAll()
    .where('id', '=', task.platform_id)
    .executeTakeFirstOrThrow()
  const now = rooms.seams.clock.now()
  const until = task.ended_at ?? now
  return [
    {
      line: 'journal',
      format: 'gantry-journal/1',
      version: rooms.info.version,
      exportedAt: now,
      task: id,
      platform: { id: platform.id, name: platform.name },
    },
    await blueprintLine(db, platform.blueprint_digest),
    await houseLine(rooms),
    ...(await requestLines(db, task)),
    ...(await decisionLines(db, task, until)),
    ...(await eventLines(db, task, until)),
    ...(await attemptLines(db, task, until)),
  ]
}

async function blueprintLine(db: Db, digest: string): Promise<JournalLine> {
  const row = await db.selectFrom('blueprints').select('files').where('digest', '=', digest).executeTakeFirstOrThrow()
  return { line: 'blueprint', digest, files: filesSchema.parse(JSON.parse(row.files)) }
}

async function houseLine({ store, config }: Rooms): Promise<JournalLine> {
  const hosts = await store.read.selectFrom('hosts').select(['name', 'zone']).orderBy('zone').orderBy('name').execute()
  const providers = await store.read.selectFrom('providers').select('images').execute()
  const images = new Set(providers.flatMap((row) => Object.keys(imagesSchema.parse(JSON.parse(row.images)))))
  const flavors = Object.fromEntries(
    Object.entries(config.flavors).map(([name, { cpu, memoryBytes, diskBytes }]) => [
      name,
      { cpu, memoryBytes, diskBytes },
    ]),
  )
  return { line: 'house', flavors, hosts, images: [...images].sort() }
}

async function requestLines(db: Db, task: TaskTable): Promise<JournalLine[]> {
  const revisions = await db
    .selectFrom('revisions')
    .select(['created_at', 'spec'])
    .where('platform_id', '=', task.platform_id)
    .orderBy('number', 'desc')
    .execute()
  // What was wanted when it was asked for: the wish is written in the transaction of its task.
  const wanted = (at: number) => {
    const spec = revisions.find((revision) => revision.created_at <= at)?.spec ?? revisions.at(-1)?.spec
    return spec === undefined ? {} : parametersSchema.parse(JSON.parse(spec)).parameters
  }
  const rows = await db
    .selectFrom('tasks')
    .leftJoin('operations', 'operations.task_id', 'tasks.id')
    .selectAll('tasks')
    .select('operations.parameters')
    .where('tasks.platform_id', '=', task.platform_id)
    .where('tasks.id', '<=', task.id)
    .orderBy('tasks.id')
    .execute()
  return rows.map((row) => ({
    line: 'request',
    at: row.created_at,
    task: row.id,
    kind: row.kind,
    operation: row.operation,
    parameters:
      row.parameters === null
        ? wanted(row.created_at)
        : z.record(z.string(), z.json()).parse(JSON.parse(row.parameters)),
    state: row.state,
    code: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)).code,
    endedAt: row.ended_at,
  }))
}

async function decisionLines(db: Db, task: TaskTable, until: number): Promise<JournalLine[]> {
  const rows = await db
    .selectFrom('decisions')
    .selectAll()
    .where('platform_id', '=', task.platform_id)
    .where('at', '<=', until)
    .orderBy('at')
    .orderBy('id')
    .execute()
  return rows.map(({ at, kind, subject, reason, data }) => ({
    line: 'decision',
    at,
    kind,
    subject,
    reason,
    data: z.json().parse(JSON.parse(data)),
  }))
}

const outcomes = { 'step.done': 'done', 'step.failed': 'failed', 'step.blocked': 'blocked' } as const

async function eventLines(db: Db, task: TaskTable, until: number): Promise<JournalLine[]> {
  const rows = await db
    .selectFrom('events')
    .select(['at', 'kind', 'step', 'cause', 'data'])
    .where('platform_id', '=', task.platform_id)
    .where('at', '<=', until)
    .where('kind', 'in', [...(Object.keys(outcomes) as (keyof typeof outcomes)[]), 'run.taken-over'])
    .orderBy('seq')
    .execute()
  const lost = await db
    .selectFrom('problems')
    .select(['since', 'subject', 'detail'])
    .where('platform_id', '=', task.platform_id)
    .where('code', '=', 'machine_dead')
    .where('since', '<=', until)
    .orderBy('since')
    .execute()
  return [
    ...lost.map(({ since, subject, detail }) => ({ line: 'lost' as const, at: since, member: subject, detail })),
    ...rows.map((row): JournalLine => {
      if (row.kind === 'run.taken-over') return { line: 'takenOver', at: row.at, cause: row.cause ?? '' }
      const { code, detail } = stepDataSchema.parse(JSON.parse(row.data))
      const outcome = outcomes[row.kind as keyof typeof outcomes]
      return { line: 'outcome', at: row.at, step: row.step ?? '', outcome, code: code ?? null, detail: detail ?? null }
    }),
  ]
}

async function attemptLines(db: Db, task: TaskTable, until: number): Promise<JournalLine[]> {
  const rows = await db
    .selectFrom('attempts')
    .leftJoin('records', (join) =>
      join.onRef('records.platform_id', '=', 'attempts.platform_id').onRef('records.key', '=', 'attempts.step_key'),
    )
    .selectAll('attempts')
    .select('records.outputs')
    .where('attempts.platform_id', '=', task.platform_id)
    .where('attempts.started_at', '<=', until)
    .orderBy('attempts.started_at')
    .orderBy('attempts.id')
    .execute()
  const lines: JournalLine[] = []
  for (const row of rows) {
    const outputs = row.outputs === null ? {} : outputsSchema.parse(JSON.parse(row.outputs))
    lines.push({
      line: 'attempt',
      step: row.step_key,
      number: row.number,
      executor: row.executor,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      outcome: row.outcome,
      exitCode: row.exit_code,
      detail: row.detail,
      outputs: Object.fromEntries(
        Object.entries(outputs).map(([name, { value, secret }]) => [name, secret ? null : value]),
      ),
      log: await logEnd(db, row.id),
    })
  }
  return lines
}

async function logEnd(db: Db, attempt: string): Promise<string> {
  const rows = await db
    .selectFrom('logs')
    .select('chunk')
    .where('attempt_id', '=', attempt)
    .orderBy('log_offset', 'desc')
    .limit(20)
    .execute()
  const text = rows
    .reverse()
    .map((row) => row.chunk)
    .join('')
  return text.slice(-logCharacters)
}
