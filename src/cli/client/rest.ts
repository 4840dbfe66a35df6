// The REST client: one request, one answer. It retries only what may be repeated: reads, and POSTs, which all carry an
// Idempotency-Key and so get the first answer again instead of a second effect. A change with If-Match is sent once.

import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiProblem, problemOf, unreachable } from './api-problem.ts'

export interface Server {
  /** e.g. `http://127.0.0.1:8080`; with or without a closing slash or `/v1`. */
  readonly url: string
  readonly token: string
  /** Ends every call; a call may add its own. */
  readonly signal?: AbortSignal | undefined
  readonly fetch?: typeof fetch
}

export type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete'
export type Query = { readonly [name: string]: string | number | boolean | readonly string[] | null | undefined }

export interface Request {
  readonly verb: Verb
  /** e.g. `/v1/platforms/plt_...` */
  readonly path: string
  readonly query?: Query | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  /** No answer within this: given up. Default 30 s; 0 for never (streams). */
  readonly timeoutMs?: number
}

/** Statuses that say "not now" rather than "no". */
const notNow = new Set([429, 502, 503, 504])
const retryDelaysMs = [200, 800, 2000]

/**
 * Sends one request and gives back its 2xx answer, unread. Throws ApiProblem for anything else, and `server_unreachable`
 * when no answer came; passes on the reason of an aborted signal.
 */
export async function send(server: Server, request: Request): Promise<Response> {
  const repeatable = request.verb === 'get' || request.verb === 'post'
  const init = initOf(server, request)
  const url = urlOf(server.url, request.path, request.query)
  const signals = [server.signal, request.signal].filter((signal) => signal !== undefined)
  for (let attempt = 0; ; attempt++) {
    const delay = repeatable ? retryDelaysMs[attempt] : undefined
    const timeout = request.timeoutMs === 0 ? [] : [AbortSignal.timeout(request.timeoutMs ?? 30_000)]
    let response: Response
    try {
      response = await (server.fetch ?? fetch)(url, { ...init, signal: AbortSignal.any([...signals, ...timeout]) })
    } catch (error) {
      for (const signal of signals) signal.throwIfAborted()
      // Nobody listening is an answer, and a quick one: asking again would only delay it.
      if (delay === undefined || refused(error)) throw unreachable(server.url, error)
      await sleep(delay, undefined, { signal: AbortSignal.any(signals) })
      continue
    }
    if (response.ok) return response
    if (delay === undefined || !notNow.has(response.status)) throw await problemOf(response, url)
    await response.body?.cancel()
    const asked = Number(response.headers.get('retry-after')) * 1000
    await sleep(asked > 0 ? Math.min(asked, 10_000) : delay, undefined, { signal: AbortSignal.any(signals) })
  }
}

/** The same, its JSON read; undefined when the answer has no body. */
export async function sendJson(server: Server, request: Request): Promise<{ response: Response; body: unknown }> {
  const response = await send(server, request)
  const text = await response.text()
  if (text === '') return { response, body: undefined }
  try {
    return { response, body: JSON.parse(text) }
  } catch (cause) {
    const detail = `${request.path} answered with something that is no JSON.`
    throw new ApiProblem({ code: 'not_gantry', status: response.status, detail, next: 'Check the URL.' }, { cause })
  }
}

/** Path with its `{names}` filled in; a name that is missing is a bug of the caller. */
export function fill(template: string, values: Readonly<Record<string, string>> = {}): string {
  return template.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${template} needs ${name}`)
    return encodeURIComponent(value)
  })
}

function initOf(server: Server, request: Request): RequestInit {
  const headers: Record<string, string> = { accept: 'application/json', ...request.headers }
  if (server.token !== '') headers.authorization = `Bearer ${server.token}`
  if (request.verb === 'post') headers['idempotency-key'] ??= randomUUID()
  if (request.body === undefined) return { method: request.verb.toUpperCase(), headers }
  headers['content-type'] ??= 'application/json'
  return { method: request.verb.toUpperCase(), headers, body: JSON.stringify(request.body) }
}

function urlOf(base: string, path: string, query: Query = {}): string {
  const url = new URL(base.replace(/\/+$/, '').replace(/\/v1$/, '') + path)
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one))
  }
  return url.href
}

function refused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error && 'code' in cause && (cause.code === 'ECONNREFUSED' || cause.code === 'ENOTFOUND')
}
