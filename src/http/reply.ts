// What a handler answers with, before it is HTTP: data, so that it can be remembered for an Idempotency-Key.

/** One server-sent event; `id` is what Last-Event-ID will say. */
export interface StreamEvent {
  readonly id: string
  readonly event: string
  readonly data: string
}

export interface JsonReply {
  readonly kind: 'json'
  readonly status: number
  /** undefined: no body. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

export interface StreamReply {
  readonly kind: 'stream'
  /** Ends when the signal of the call aborts. */
  readonly events: AsyncIterable<StreamEvent | 'heartbeat'>
}

/** A file, in pieces. */
export interface BytesReply {
  readonly kind: 'bytes'
  readonly contentType: string
  readonly pieces: AsyncIterator<Uint8Array>
  /** Read already. */
  readonly first: Uint8Array
}

export type Reply = JsonReply | StreamReply | BytesReply

/** 200 with a body. */
export function ok(body: unknown, headers: Readonly<Record<string, string>> = {}): JsonReply {
  return { kind: 'json', status: 200, body, headers }
}

/** 201 with the new object and where it is. */
export function created(location: string, body: unknown, headers: Readonly<Record<string, string>> = {}): JsonReply {
  return { kind: 'json', status: 201, body, headers: { location, ...headers } }
}

/** 202: it is written down and will be done; `location` follows it. */
export function accepted(location: string, body: unknown, headers: Readonly<Record<string, string>> = {}): JsonReply {
  return { kind: 'json', status: 202, body, headers: { location, ...headers } }
}

/** 204: done, nothing to say. */
export function noContent(): JsonReply {
  return { kind: 'json', status: 204, body: undefined, headers: {} }
}

/** A file. Its first piece is read here, so that what fails at once is answered as a problem and not cut off. */
export async function bytes(contentType: string, pieces: AsyncGenerator<Uint8Array>): Promise<BytesReply> {
  const first = await pieces.next()
  return { kind: 'bytes', contentType, pieces, first: first.done ? new Uint8Array() : first.value }
}

export function stream(events: StreamReply['events']): StreamReply {
  return { kind: 'stream', events }
}
