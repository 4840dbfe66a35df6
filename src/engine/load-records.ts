// What is recorded of steps: how far each is, and what it gave.

import { z } from 'zod'
import { operationPrefix } from '../blueprints/index.ts'
import type { Json } from '../kernel/canonical.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { problemSchema } from '../kernel/problem.ts'
import type { RecordTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { OperationView, RecordView } from './view.ts'

const outputsSchema = z.record(z.string(), z.object({ value: z.string(), secret: z.boolean() }))

interface ById {
  readonly id: PlatformId
}

const selectRecords = statement((db, { id }: ById) =>
  db.selectFrom('records').selectAll().where('platform_id', '=', id).where('key', 'not like', 'op/%'),
)
const selectRecordsLike = statement((db, { id, like }: ById & { like: string }) =>
  db.selectFrom('records').selectAll().where('platform_id', '=', id).where('key', 'like', like),
)

/** Of operations those that run: what is history grows for ever, and nobody asks a run about it. */
export async function loadRecords(
  db: Db,
  id: PlatformId,
  operations: readonly OperationView[],
): Promise<Map<string, RecordView>> {
  const rows = [...(await selectRecords.all(db, { id }))]
  for (const { task } of operations)
    rows.push(...(await selectRecordsLike.all(db, { id, like: `${operationPrefix(task)}%` })))
  return new Map(rows.map((row) => [row.key, recordView(row)]))
}

export function recordView(row: RecordTable): RecordView {
  return {
    key: row.key,
    kind: row.kind,
    mode: row.mode,
    member: row.member,
    input: row.input,
    achieved: row.achieved,
    attempting: row.attempting,
    status: row.status,
    outputs: outputsSchema.parse(JSON.parse(row.outputs)),
    suspect: row.suspect,
    attempts: row.attempts,
    firstAttemptAt: row.first_attempt_at,
    deadlineAt: row.deadline_at,
    nextAt: row.next_at,
    reason: row.reason,
    problem: row.problem === null ? null : problemSchema.parse(JSON.parse(row.problem)),
    memo: row.memo === null ? null : parseMemo(row.memo),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}

function parseMemo(text: string): Json {
  return z.json().parse(JSON.parse(text))
}
