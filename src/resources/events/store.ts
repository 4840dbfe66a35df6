import type { Scope } from '../../access/index.ts'
import { type EventFilter, lastEventSeq, listEvents, type RecordedEvent } from '../../events/index.ts'
import { instant } from '../../http/schema.ts'
import type { MachineId, PlatformId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import type { Event, Transition } from './schemas.ts'

/** The filter a scope allows: what they may not see is not there. */
export function within(scope: Scope, filter: EventFilter): EventFilter {
  return {
    ...filter,
    ...(scope.tenant === null ? {} : { tenant: scope.tenant }),
    ...(scope.project === null ? {} : { project: scope.project }),
    ...(scope.platform === null ? {} : { platform: scope.platform }),
  }
}

/** A page of events after a cursor. `next` passes over what did not match, so that a watcher does not look again. */
export async function eventPage(
  db: Db,
  scope: Scope,
  filter: EventFilter,
  limit: number,
): Promise<{ items: Event[]; next: number; more: boolean }> {
  const last = await lastEventSeq(db)
  const rows = await listEvents(db, { ...within(scope, filter), upTo: last, limit: limit + 1 })
  const items = rows.slice(0, limit).map(eventView)
  const more = rows.length > limit
  return { items, next: more ? (items.at(-1)?.id ?? 0) : Math.max(last, filter.after ?? 0), more }
}

/** Every change of state of one object, oldest first. */
export async function transitions(
  db: Db,
  subject:
    | { readonly kind: 'platform'; readonly id: PlatformId }
    | { readonly kind: 'machine'; readonly id: MachineId },
): Promise<Transition[]> {
  // A machine is made with its member: that event tells of both, and why it is where it is.
  const filter =
    subject.kind === 'platform'
      ? { subject, kinds: ['platform.created', 'platform.state'] as const }
      : { machine: subject.id, kinds: ['member.created', 'machine.state'] as const }
  const items: Transition[] = []
  for (let after = 0; ; ) {
    const rows = await listEvents(db, { ...filter, after, limit: 500 })
    items.push(...rows.map(transition))
    const last = rows.at(-1)
    if (rows.length < 500 || !last) return items
    after = last.seq
  }
}

export function eventView(event: RecordedEvent): Event {
  return {
    id: event.seq,
    at: instant(event.at),
    kind: event.kind,
    tenant: event.tenant,
    project: event.project,
    platform: event.platform,
    machine: event.machine,
    task: event.task,
    step: event.step,
    subject: event.subject,
    from: event.from,
    to: event.to,
    actor: event.actor,
    cause: event.cause,
    data: JSON.parse(JSON.stringify(event.data)),
  }
}

function transition(event: RecordedEvent): Transition {
  return {
    event: event.seq,
    at: instant(event.at),
    kind: event.kind,
    from: event.from,
    to: event.to ?? beginnings[event.kind] ?? null,
    cause: event.cause ?? (event.kind === 'platform.created' ? 'asked for' : null),
    actor: event.actor,
  }
}

/** In which state a thing is made. */
const beginnings: { readonly [kind: string]: string | undefined } = {
  'platform.created': 'pending',
  'member.created': 'planned',
}
