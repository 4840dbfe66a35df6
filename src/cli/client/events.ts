// Following events: a stream that ends is taken up again where it broke, by Last-Event-ID, so that a watcher sees every
// event once and in order, across restarts of the server.

import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem } from './api-problem.ts'
import { type Query, type Server, send } from './rest.ts'

export interface StreamedEvent {
  readonly id: string
  /** e.g. `step.started` */
  readonly kind: string
  readonly data: unknown
}

export interface FollowOptions {
  /** Event id to begin after; without it the stream begins where the server begins. */
  readonly after?: string | undefined
  readonly query?: Query
  readonly signal: AbortSignal
  /** How long the server may be away before the follower gives up; default 60 s. */
  readonly patienceMs?: number
  /** Told when the connection was lost, with the problem. */
  readonly onLost?: (problem: unknown) => void
}

/** Yields events until the signal aborts (then it just ends). Throws ApiProblem when refused or out of patience. */
export async function* follow(server: Server, path: string, options: FollowOptions): AsyncGenerator<StreamedEvent> {
  const { signal, patienceMs = 60_000 } = options
  let last = options.after
  let lostAt: number | undefined
  while (!signal.aborted) {
    try {
      const headers = { accept: 'text/event-stream', ...(last === undefined ? {} : { 'last-event-id': last }) }
      const response = await send(server, { verb: 'get', path, query: options.query, headers, signal, timeoutMs: 0 })
      lostAt = undefined
      for await (const event of parse(response.body)) {
        if (event.id !== '') last = event.id
        yield { id: event.id, kind: event.kind, data: JSON.parse(event.data) }
      }
    } catch (problem) {
      if (signal.aborted) return
      if (problem instanceof ApiProblem && problem.status >= 400 && problem.status < 500) throw problem
      lostAt ??= performance.now()
      if (performance.now() - lostAt > patienceMs) throw problem
      options.onLost?.(problem)
    }
    // A server that closes the stream at once is not asked again at once.
    await sleep(300, undefined, { signal }).catch(() => undefined)
  }
}

interface RawEvent {
  id: string
  kind: string
  data: string
}

/** The text/event-stream format of the HTML standard: fields by line, an empty line ends an event, `:` is a comment. */
async function* parse(body: ReadableStream<Uint8Array> | null): AsyncGenerator<RawEvent> {
  if (!body) return
  const decoder = new TextDecoder()
  let rest = ''
  let event: RawEvent = { id: '', kind: 'message', data: '' }
  for await (const bytes of body) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === '') {
        if (event.data !== '') yield event
        event = { id: '', kind: 'message', data: '' }
        continue
      }
      const [, field = '', value = ''] = line.match(/^([^:]*):? ?(.*)$/) ?? []
      if (field === 'id') event.id = value
      else if (field === 'event') event.kind = value
      else if (field === 'data') event.data += event.data === '' ? value : `\n${value}`
    }
  }
}
