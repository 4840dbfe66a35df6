// Reading the log by cursor. Sequence numbers are given inside the one write transaction there is, so
// they become visible in their order, and a reader that remembers the last one misses nothing.

import type { Selectable } from 'kysely'
import { z } from 'zod'
import type { Json } from '../kernel/canonical.ts'
import type { MachineId, PlatformId, ProjectId, TaskId, TenantId } from '../kernel/ids.ts'
import type { EventTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import { type EventKind, eventKinds, type RecordedEvent, type Subject } from './event.ts'

export interface EventFilter {
  /** Only events with a greater sequence number. Default 0: from the beginning. */
  readonly after?: number
  /** Only events up to and including this one. */
  readonly upTo?: number
  readonly tenant?: TenantId
  readonly project?: ProjectId
  readonly platform?: PlatformId
  readonly machine?: MachineId
  readonly task?: TaskId
  readonly subject?: Subject
  readonly kinds?: readonly EventKind[]
}

const kindSchema = z.enum(eventKinds)
const dataSchema = z.record(z.string(), z.custom<Json>())

/** Events that match everything given, oldest first, at most `limit` (default 100). */
export async function listEvents(db: Db, filter: EventFilter & { readonly limit?: number }): Promise<RecordedEvent[]> {
  let query = db
    .selectFrom('events')
    .selectAll()
    .where('seq', '>', filter.after ?? 0)
  if (filter.upTo !== undefined) query = query.where('seq', '<=', filter.upTo)
  if (filter.tenant !== undefined) query = query.where('tenant_id', '=', filter.tenant)
  if (filter.project !== undefined) query = query.where('project_id', '=', filter.project)
  if (filter.platform !== undefined) query = query.where('platform_id', '=', filter.platform)
  if (filter.machine !== undefined) query = query.where('machine_id', '=', filter.machine)
  if (filter.task !== undefined) query = query.where('task_id', '=', filter.task)
  if (filter.subject !== undefined) {
    query = query.where('subject_kind', '=', filter.subject.kind).where('subject_id', '=', filter.subject.id)
  }
  if (filter.kinds !== undefined) query = query.where('kind', 'in', filter.kinds)
  const rows = await query
    .orderBy('seq')
    .limit(filter.limit ?? 100)
    .execute()
  return rows.map(recorded)
}

/** The newest committed sequence number; 0 when nothing ever happened. */
export async function lastEventSeq(db: Db): Promise<number> {
  const row = await selectLast.first(db, {})
  return row?.seq ?? 0
}

/**
 * The newest event after this one that changes something; undefined when there is none. Steps that only begin or wait
 * are no change: they are by far the most events, and nothing follows from them but for their own run.
 */
export async function happenedSince(db: Db, after: number): Promise<number | undefined> {
  return (await selectChange.first(db, { after }))?.seq ?? undefined
}

const selectChange = statement((db, { after }: { after: number }) =>
  db
    .selectFrom('events')
    .select((select) => select.fn.max('seq').as('seq'))
    .where('seq', '>', after)
    .where('kind', 'not in', ['step.started', 'step.waiting']),
)

const selectLast = statement((db) => db.selectFrom('events').select((select) => select.fn.max('seq').as('seq')))

function recorded(row: Selectable<EventTable>): RecordedEvent {
  return {
    seq: row.seq,
    at: row.at,
    kind: kindSchema.parse(row.kind),
    subject: { kind: row.subject_kind, id: row.subject_id },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.platform_id,
    machine: row.machine_id,
    task: row.task_id,
    step: row.step,
    from: row.from_state,
    to: row.to_state,
    actor: row.actor,
    cause: row.cause,
    data: dataSchema.parse(JSON.parse(row.data)),
  }
}
