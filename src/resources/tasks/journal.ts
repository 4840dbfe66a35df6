// Everything that is remembered of how a task came to where it is, as lines of a journal: the platform's life until then,
// because what a task finds is what those before it have left.

import { z } from 'zod'
import type { PlatformId, TaskId } from '../../kernel/ids.ts'
import type { JournalLine } from '../../kernel/journal.ts'
import type { Db, PlatformTable, TaskTable } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { requestLines } from './journal-requests.ts'

const filesSchema = z.record(z.string(), z.string())
const imagesSchema = z.record(z.string(), z.unknown())
const outputsSchema = z.record(z.string(), z.object({ value: z.string(), secret: z.boolean() }))
const stepDataSchema = z.object({
  code: z.string().optional(),
  detail: z.string().optional(),
  effect: z.string().optional(),
})

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
      format: 'gantry-journal/2',
      version: rooms.info.version,
      exportedAt: now,
      until,
      task: id,
      platform: { id: platform.id, name: platform.name },
    },
    ...(await blueprintLines(db, platform)),
    await houseLine(rooms, platform.id),
    ...(await seatLines(db, platform.id)),
    ...(await requestLines(db, task, until)),
    ...(await decisionLines(db, task, until)),
    ...(await troubleLines(db, task, until)),
    ...(await eventLines(db, task, until)),
    ...(await attemptLines(db, task, until)),
  ]
}

/** Each version that was ever wished for. */
async function blueprintLines(
  db: Db,
  { id, blueprint_digest }: Pick<PlatformTable, 'id' | 'blueprint_digest'>,
): Promise<JournalLine[]> {
  const wishes = await db.selectFrom('revisions').select('blueprint_digest').where('platform_id', '=', id).execute()
  const digests = new Set([...wishes.map((wish) => wish.blueprint_digest), blueprint_digest])
  const rows = await db
    .selectFrom('blueprints')
    .select(['digest', 'files'])
    .where('digest', 'in', [...digests])
    .orderBy('created_at')
    .execute()
  return rows.map(({ digest, files }) => ({ line: 'blueprint', digest, files: filesSchema.parse(JSON.parse(files)) }))
}

/** Of what serves others nothing is told: only hosts and images that the platform's own machines could name. */
async function houseLine({ store, config }: Rooms, platform: PlatformId): Promise<JournalLine> {
  const machines = store.read.selectFrom('machines').where('platform_id', '=', platform)
  const places = await machines.select(['zone', 'host']).distinct().orderBy('zone').orderBy('host').execute()
  const providers = await store.read
    .selectFrom('providers')
    .select('images')
    .where('id', 'in', machines.select('provider_id'))
    .execute()
  const images = new Set(providers.flatMap((row) => Object.keys(imagesSchema.parse(JSON.parse(row.images)))))
  const flavors = Object.fromEntries(
    Object.entries(config.flavors).map(([name, { cpu, memoryBytes, diskBytes }]) => [
      name,
      { cpu, memoryBytes, diskBytes },
    ]),
  )
  const hosts = places.flatMap(({ zone, host }) => (host === null ? [] : [{ name: host, zone }]))
  return { line: 'house', flavors, hosts, images: [...images].sort(), meltdown: config.meltdown }
}

async function seatLines(db: Db, platform: PlatformId): Promise<JournalLine[]> {
  const rows = await db
    .selectFrom('machines')
    .select(['member', 'zone', 'host'])
    .where('platform_id', '=', platform)
    .orderBy('id')
    .execute()
  return rows.map((seat) => ({ line: 'seat', ...seat }))
}

async function troubleLines(db: Db, task: TaskTable, until: number): Promise<JournalLine[]> {
  const rows = await db
    .selectFrom('problems')
    .select(['id', 'since', 'code', 'subject', 'detail', 'resolved_at', 'resolution'])
    .where('platform_id', '=', task.platform_id)
    .where('since', '<=', until)
    .orderBy('since')
    .orderBy('id')
    .execute()
  const carried = await db
    .selectFrom('problem_machines')
    .select(['problem_id', 'member'])
    .where('problem_id', 'in', db.selectFrom('problems').select('id').where('platform_id', '=', task.platform_id))
    .orderBy('member')
    .execute()
  const membersOf = Map.groupBy(carried, ({ problem_id }) => problem_id)
  return rows.map(({ id, since, code, subject, detail, resolved_at, resolution }) => {
    const members = (membersOf.get(id) ?? []).map(({ member }) => member)
    const over = resolved_at !== null && resolved_at <= until
    const end = over ? { endedAt: resolved_at, ending: resolution } : { endedAt: null, ending: null }
    return { line: 'trouble', at: since, code, subject, detail, members, ...end }
  })
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
  return rows.map((row): JournalLine => {
    if (row.kind === 'run.taken-over') return { line: 'takenOver', at: row.at, cause: row.cause ?? '' }
    const { code = null, detail = null, effect = null } = stepDataSchema.parse(JSON.parse(row.data))
    const outcome = outcomes[row.kind as keyof typeof outcomes]
    return { line: 'outcome', at: row.at, step: row.step ?? '', outcome, code, effect, detail }
  })
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
