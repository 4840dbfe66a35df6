// Logs are read by attempt and position, redacted already when they were stored. Who follows one asks again from where
// it ended; `Prefer: wait` holds the answer until there is more.

import type { Selectable } from 'kysely'
import { instant } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { AttemptTable, Db } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { stepName } from '../tasks/index.ts'
import type { AttemptLog } from './schemas.ts'

export interface LogFilter {
  /** Id of the machine, or a member with or without its incarnation. */
  readonly machine?: string | undefined
  /** A step's key or name. */
  readonly step?: string | undefined
  readonly attempt?: string | undefined
  /** Earlier attempts too; otherwise the last of each step. */
  readonly all?: boolean | undefined
  /** Position, in characters, to read each from. */
  readonly after: number
}

/** Characters of one answer, over all attempts. */
const mostCharacters = 512 * 1024

/** Logs that match, oldest attempt first. */
export async function readLogs(db: Db, platform: PlatformId, filter: LogFilter): Promise<AttemptLog[]> {
  let query = db.selectFrom('attempts').selectAll().where('platform_id', '=', platform)
  if (filter.attempt !== undefined) query = query.where('id', '=', filter.attempt)
  const rows = await query.orderBy('started_at').orderBy('number').execute()
  const matching = rows.filter((row) => matches(row, filter))
  const last = new Map(matching.map((row) => [row.step_key, row.id]))
  const chosen =
    filter.all || filter.attempt !== undefined ? matching : matching.filter((row) => last.get(row.step_key) === row.id)
  const logs: AttemptLog[] = []
  let room = mostCharacters
  for (const row of chosen) {
    const text = await textFrom(db, row.id, filter.after, room)
    room -= text.length
    logs.push(view(row, filter.after, text))
  }
  return logs
}

/** Resolves when the one attempt asked for has more log or has ended, `waitMs` is over, or the signal aborts. */
export async function waitForLog(
  rooms: Rooms,
  platform: PlatformId,
  filter: LogFilter,
  waitMs: number,
  signal: AbortSignal,
): Promise<AttemptLog[]> {
  const until = rooms.seams.clock.now() + waitMs
  for (;;) {
    const logs = await readLogs(rooms.store.read, platform, filter)
    const more = logs.some((log) => log.text !== '' || log.outcome !== null)
    const now = rooms.seams.clock.now()
    if (more || now >= until || signal.aborted) return logs
    await rooms.seams.clock.sleep(Math.min(250, until - now), signal).catch(() => undefined)
  }
}

function matches(row: Selectable<AttemptTable>, filter: LogFilter): boolean {
  const { machine, step } = filter
  const onMachine =
    machine === undefined ||
    String(row.machine_id) === machine ||
    row.executor === machine ||
    row.executor?.split('@')[0] === machine
  return onMachine && (step === undefined || row.step_key === step || stepName(row.step_key) === step)
}

async function textFrom(db: Db, attempt: string, after: number, most: number): Promise<string> {
  if (most <= 0) return ''
  const rows = await db
    .selectFrom('logs')
    .select(['log_offset', 'chunk'])
    .where('attempt_id', '=', attempt)
    .where((eb) => eb(eb('log_offset', '+', eb.fn<number>('length', ['chunk'])), '>', after))
    .orderBy('log_offset')
    .execute()
  let text = ''
  for (const row of rows) {
    text += row.chunk.slice(Math.max(0, after - row.log_offset))
    if (text.length >= most) return text.slice(0, most)
  }
  return text
}

function view(row: Selectable<AttemptTable>, after: number, text: string): AttemptLog {
  return {
    attempt: row.id,
    number: row.number,
    step: row.step_key,
    name: stepName(row.step_key),
    member: row.executor,
    machine: row.machine_id,
    startedAt: instant(row.started_at),
    endedAt: instant(row.ended_at),
    outcome: row.outcome,
    exitCode: row.exit_code,
    detail: row.detail,
    offset: after,
    text,
    next: after + text.length,
  }
}
