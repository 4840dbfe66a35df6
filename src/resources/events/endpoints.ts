import { type EventFilter, type EventKind, eventKinds, followEvents, lastEventSeq } from '../../events/index.ts'
import type { Call } from '../../http/endpoint.ts'
import { ok, type Reply, type StreamEvent, stream } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { noMore } from '../../kernel/no-more.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Store } from '../../store/index.ts'
import { endpoint, type GantryKit, installation } from '../endpoint.ts'
import type { Rooms } from '../rooms.ts'
import { EventList } from './schemas.ts'
import { eventPage, eventView, within } from './store.ts'

const fields = {
  after: z.coerce.number().pipe(z.int().min(0)).optional().openapi({
    type: 'integer',
    minimum: 0,
    description:
      'Only events after this one: the `next` of the page before. Without it from the first; a stream begins now.',
  }),
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(1000))
    .default(100)
    .openapi({ type: 'integer', minimum: 1, maximum: 1000, default: 100 }),
  kind: z.enum(eventKinds).optional(),
  machine: id('machine').optional(),
  task: id('task').optional(),
}

export const eventEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/events',
    operationId: 'listEvents',
    summary: 'List or follow events',
    description:
      'Every change, in the order of commit. With `Accept: text/event-stream` they come as they happen: `id` is the number of the event, `event` its kind, `data` the Event as JSON; after a break, Last-Event-ID goes on without loss or repeat.',
    tag: 'events',
    permission: 'event.read',
    about: installation,
    query: z.strictObject({
      ...fields,
      tenant: id('tenant').optional(),
      project: id('project').optional(),
      platform: id('platform').optional(),
    }),
    streams: true,
    waits: true,
    answers: { 200: { description: 'A page of events, or the stream.', schema: EventList } },
    problems: [],
    handle: answer,
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/events',
    operationId: 'listPlatformEvents',
    summary: 'List or follow the events of a platform',
    description: 'As `listEvents`, of one platform; also after it is deleted.',
    tag: 'events',
    permission: 'platform.read',
    about: ({ platform }) => ({ kind: 'platform', id: platform }),
    params: z.object({ platform: id('platform') }),
    query: z.strictObject(fields),
    streams: true,
    waits: true,
    answers: { 200: { description: 'A page of events, or the stream.', schema: EventList } },
    problems: [],
    handle: answer,
  }),
]

type Asked = Pick<EventFilter, 'tenant' | 'project' | 'platform' | 'machine' | 'task'> & {
  readonly after?: number | undefined
  readonly limit: number
  readonly kind?: EventKind | undefined
}

/** One page, or the stream; what the scope does not hold is not there. */
async function answer(
  { store, seams }: Rooms,
  { scope, query, wantsEvents, lastEventId, signal, waitMs }: Call<GantryKit, unknown, Asked, unknown>,
): Promise<Reply> {
  const { limit, kind, after, ...rest } = query
  const filter: EventFilter = { ...given(rest), ...(kind === undefined ? {} : { kinds: [kind] }) }
  if (wantsEvents) {
    const seen = /^\d{1,15}$/.test(lastEventId ?? '') ? Number(lastEventId) : after
    const from = seen ?? (await lastEventSeq(store.read))
    return stream(frames(store, seams, { ...within(scope, filter), after: from }, signal))
  }
  const from = { ...filter, after: after ?? 0 }
  const page = await eventPage(store.read, scope, from, limit)
  if (page.items.length > 0 || waitMs === 0) return ok(page)
  await nextEvent(store, seams, { ...within(scope, filter), after: page.next }, signal, waitMs)
  return ok(await eventPage(store.read, scope, from, limit))
}

const heartbeatMs = 15_000

/** Events as frames, with a heartbeat in quiet times. */
async function* frames(
  store: Store,
  seams: Seams,
  filter: EventFilter,
  signal: AbortSignal,
): AsyncGenerator<StreamEvent | 'heartbeat'> {
  yield 'heartbeat'
  const over = new AbortController()
  const ended = AbortSignal.any([signal, over.signal])
  const events = followEvents(store, seams, filter, ended)
  try {
    let next = events.next()
    while (!signal.aborted) {
      const quiet = new AbortController()
      const first = await Promise.race([
        next,
        seams.clock.sleep(heartbeatMs, AbortSignal.any([ended, quiet.signal])).then(
          () => 'heartbeat' as const,
          () => 'heartbeat' as const,
        ),
      ])
      quiet.abort(noMore)
      if (first === 'heartbeat') {
        if (!signal.aborted) yield 'heartbeat'
        continue
      }
      if (first.done) return
      const event = eventView(first.value)
      next = events.next()
      yield { id: String(event.id), event: event.kind, data: JSON.stringify(event) }
    }
  } finally {
    over.abort(noMore)
    await events.return()
  }
}

/** Resolves when an event matches, `waitMs` is over or the signal aborts. */
async function nextEvent(store: Store, seams: Seams, filter: EventFilter, signal: AbortSignal, waitMs: number) {
  const over = new AbortController()
  const ended = AbortSignal.any([signal, over.signal])
  const timeout = seams.clock.sleep(waitMs, ended).then(
    () => over.abort(noMore),
    () => undefined,
  )
  const events = followEvents(store, seams, filter, ended)
  await events.next()
  over.abort(noMore)
  await events.return()
  await timeout
}

/** Without the fields that were not asked for. */
function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const result: { [K in keyof T]?: Exclude<T[K], undefined> } = {}
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined) Object.assign(result, { [key]: value })
  }
  return result
}
