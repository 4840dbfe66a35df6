// From a request to its answer, in the order that tells a stranger least: who are you, does it exist for you, may you,
// and only then what is wrong with what you sent.

import { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { newId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import { readJson } from './body.ts'
import { bytesResponse } from './bytes.ts'
import type { CallFacts, Endpoint, Kit } from './endpoint.ts'
import { type IdempotencyStore, idempotencyKey, once } from './idempotency.ts'
import { refuseUnkeepable } from './keepable.ts'
import type { Log } from './log.ts'
import { waitMs } from './prefer.ts'
import { problemOf, problemResponse } from './problem.ts'
import type { Reply } from './reply.ts'
import { streamResponse } from './sse.ts'

export interface Host<K extends Kit> {
  readonly world: K['World']
  readonly seams: Seams
  readonly log: Log
  /** Who is calling. Throws unauthenticated. */
  authenticate(bearer: string | undefined): Promise<Caller<K>>
  /** The scope of a public endpoint's call. */
  readonly nobody: K['Scope']
  write<T>(work: (tx: K['Tx']) => Promise<T>): Promise<T>
  readonly idempotency: IdempotencyStore<K['Tx']>
  /** Aborts when the server closes: waiting answers end, new requests are sent elsewhere. */
  readonly closing: AbortSignal
}

export interface Caller<K extends Kit> {
  /** As events and the log name them. */
  readonly name: string
  /** Throws forbidden, or not_found where they may not even see it. */
  authorize(permission: K['Permission'], target: K['Target']): Promise<K['Scope']>
}

/** The HTTP application over a list of endpoints. */
export function createApp<K extends Kit>(endpoints: readonly Endpoint<K>[], host: Host<K>): OpenAPIHono {
  const app = new OpenAPIHono()
  for (const endpoint of endpoints) {
    app.on(endpoint.method, endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1'), (c) => answer(endpoint, host, c))
  }
  app.notFound((c) => unknownPath(endpoints, host, c))
  return app
}

async function answer<K extends Kit>(endpoint: Endpoint<K>, host: Host<K>, c: Context): Promise<Response> {
  const requestId = newId('request', host.seams)
  const startedAt = host.seams.clock.now()
  const headers = { 'x-request-id': requestId, 'x-content-type-options': 'nosniff', ...partingWords(host) }
  const seen: { caller?: Caller<K> } = {}
  let response: Response
  try {
    if (host.closing.aborted && endpoint.permission !== 'public') throw closing()
    response = respond(await call(endpoint, host, c, requestId, seen), headers)
  } catch (error) {
    const problem = problemOf(error)
    response = problemResponse(problem, requestId, headers)
    // Only what is our fault is an error; that we close, or that the disk is full, is for the log as well.
    if (problem.code === 'internal') host.log('error', problem.detail, { requestId, code: problem.code }, error)
    else if (response.status >= 500) host.log('warn', problem.detail, { requestId, code: problem.code }, causeOf(error))
  }
  if (endpoint.permission !== 'public') {
    host.log('info', `${c.req.method} ${c.req.path} ${response.status}`, {
      requestId,
      operation: endpoint.operationId,
      actor: seen.caller?.name,
      ms: host.seams.clock.now() - startedAt,
    })
  }
  return response
}

async function call<K extends Kit>(
  endpoint: Endpoint<K>,
  host: Host<K>,
  c: Context,
  requestId: string,
  seen: { caller?: Caller<K> },
): Promise<Reply> {
  const named = c.req.param()
  // No database has a key with NUL in it, and PostgreSQL will not even look.
  const opened = Object.values(named).some((value) => value.includes('\0')) ? undefined : endpoint.open(named)
  const caller = endpoint.permission === 'public' ? undefined : await host.authenticate(bearer(c))
  if (caller) seen.caller = caller
  if (!opened) throw notFound(c.req.path)
  const scope =
    caller && endpoint.permission !== 'public'
      ? await caller.authorize(endpoint.permission, opened.target)
      : host.nobody
  const query = queryOf(c)
  const body = endpoint.body ? await readJson(c.req.raw, endpoint.maxBodyBytes) : undefined
  const run = opened.prepare({ query, body })
  const factsWith = (commit: CallFacts<K>['commit']): CallFacts<K> => ({
    scope,
    requestId,
    waitMs: endpoint.waits ? waitMs(c.req.header('prefer')) : 0,
    ifMatch: endpoint.matches ? c.req.header('if-match') : undefined,
    lastEventId: c.req.header('last-event-id'),
    wantsEvents: endpoint.streams && /\btext\/event-stream\b/.test(c.req.header('accept') ?? ''),
    get signal() {
      return AbortSignal.any([host.closing, c.req.raw.signal])
    },
    commit,
  })
  const key = endpoint.method === 'post' ? idempotencyKey(c.req.header('idempotency-key')) : undefined
  if (key === undefined || !caller)
    return run(
      host.world,
      factsWith((work) => host.write(work)),
    )
  const request = { method: endpoint.method, path: c.req.path, query, body: JSON.stringify(body) ?? null }
  return once(host, host.idempotency, caller.name, key, request).run((commit) => run(host.world, factsWith(commit)))
}

/** Who asks again on the same connection would keep a process that closes from ending. */
function partingWords({ closing }: Pick<Host<Kit>, 'closing'>): { readonly connection?: 'close' } {
  return closing.aborted ? { connection: 'close' } : {}
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

function respond(reply: Reply, headers: Record<string, string>): Response {
  if (reply.kind === 'stream') return streamResponse(reply, headers)
  if (reply.kind === 'bytes') return bytesResponse(reply, headers)
  const all = { ...headers, 'cache-control': 'no-store', ...reply.headers }
  if (reply.body === undefined) return new Response(null, { status: reply.status, headers: all })
  return new Response(JSON.stringify(reply.body), {
    status: reply.status,
    headers: { 'content-type': 'application/json', ...all },
  })
}

/** A parameter given once is a string; given more often, a list, which no schema here takes. */
function queryOf(c: Context): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const [name, values] of Object.entries(c.req.queries())) {
    const [only] = values
    query[name] = values.length === 1 && only !== undefined ? only : values
  }
  refuseUnkeepable(query, '/query')
  return query
}

function bearer(c: Context): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(c.req.header('authorization') ?? '')?.[1]
}

function unknownPath<K extends Kit>(endpoints: readonly Endpoint<K>[], host: Host<K>, c: Context): Response {
  const requestId = newId('request', host.seams)
  const methods = endpoints
    .filter((endpoint) => pattern(endpoint.path).test(c.req.path))
    .map((e) => e.method.toUpperCase())
  if (methods.length === 0) return problemResponse(notFound(c.req.path), requestId, { 'x-request-id': requestId })
  const allow = [...new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods)].sort().join(', ')
  const problem = {
    code: 'method_not_allowed',
    detail: `${c.req.method} is not possible here, only ${allow}.`,
    next: 'See openapi.yaml for what this path offers.',
  } as const
  return problemResponse(problem, requestId, { 'x-request-id': requestId, allow })
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

function notFound(path: string): ProblemError {
  return new ProblemError({
    code: 'not_found',
    detail: `There is nothing at ${path}.`,
    next: 'Check the id; ids are shown by the lists, e.g. GET /v1/tenants.',
  })
}

function closing(): ProblemError {
  return new ProblemError({
    code: 'unavailable',
    detail: 'This process is closing.',
    next: 'Send it again in a moment: nothing was changed.',
  })
}
