import type { Insertable } from 'kysely'
import type { Seams } from '../kernel/seams.ts'
import type { EventTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import type { NewEvent } from './event.ts'

const insert = statement((db, row: Insertable<EventTable>) => db.insertInto('events').values(row))

/** Appends an event in the transaction of the change it tells of, so that neither is ever there without the other. */
export async function appendEvent(tx: Tx, seams: Seams, event: NewEvent): Promise<void> {
  const transition = 'from' in event ? event : null
  await insert.run(tx, {
    at: seams.clock.now(),
    kind: event.kind,
    tenant_id: event.tenant ?? null,
    project_id: event.project ?? null,
    platform_id: event.platform ?? null,
    machine_id: event.machine ?? null,
    task_id: event.task ?? null,
    step: event.step ?? null,
    subject_kind: event.subject.kind,
    subject_id: event.subject.id,
    from_state: transition?.from ?? null,
    to_state: transition?.to ?? null,
    actor: event.actor,
    cause: event.cause ?? null,
    data: JSON.stringify(event.data ?? {}),
  })
}
