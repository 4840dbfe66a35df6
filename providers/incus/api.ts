// The REST API of Incus and LXD as calls: envelopes are opened, operations followed to their end, errors are faults.

import { z } from 'zod'
import type { Seams } from '../../src/kernel/seams.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Answer, Call, Connection } from './connection.ts'
import { faultOfAnswer, faultOfOperation } from './faults.ts'

export type Query = Readonly<Record<string, string>>

export interface FileToPut {
  readonly path: string
  readonly mode: string
  readonly uid: number
  readonly gid: number
  /** Undefined: a folder. */
  readonly content?: string
}

export interface Api {
  /** The answer's metadata. Throws ProviderFault, `gone` for a 404. */
  get<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal, query?: Query): Promise<T>
  /** The same; undefined for a 404. */
  find<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal, query?: Query): Promise<T | undefined>
  /** Sends a change and waits until it is done. */
  change(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    signal: AbortSignal,
    query?: Query,
  ): Promise<void>
  /** Sends a change and does not wait for it. */
  order(path: string, body: unknown, signal: AbortSignal): Promise<void>
  readFile(instance: string, path: string, signal: AbortSignal): Promise<string>
  putFile(instance: string, file: FileToPut, signal: AbortSignal): Promise<void>
  /** Waits until no operation on the instance is under way. */
  settled(instance: string, signal: AbortSignal): Promise<void>
  /** Names of instances on which an operation is under way, also of those that are not written down yet. */
  underWay(signal: AbortSignal): Promise<ReadonlySet<string>>
}

const envelopeSchema = z.object({
  type: z.enum(['sync', 'async', 'error']),
  operation: z.string().nullish(),
  error: z.string().nullish(),
  metadata: z.unknown().optional(),
})

const operationSchema = z.object({
  id: z.string(),
  status_code: z.number(),
  err: z.string(),
  resources: z.record(z.string(), z.array(z.string())).nullish(),
})

const operationsSchema = z.record(z.string(), z.array(operationSchema)).nullish()

/** Statuses of an operation (doc/rest-api: status codes). */
const success = 200
const failure = 400

/** How often an operation is asked about, ms: at first often, as most take a second; then rarer. */
const firstPollMs = 40
const lastPollMs = 1_000

export function apiOver(connection: Connection, project: string, seams: Seams): Api {
  function url(path: string, query: Query = {}): string {
    // Incus takes one or the other.
    const scope: Query = 'all-projects' in query ? {} : { project }
    return `/1.0${path}?${new URLSearchParams({ ...scope, ...query })}`
  }

  async function ask(call: Call, signal: AbortSignal): Promise<z.infer<typeof envelopeSchema>> {
    const answer = await connection.send(call, signal)
    const envelope = open(answer, call)
    if (envelope.type === 'error') throw faultOf(answer, envelope.error ?? '', call)
    return envelope
  }

  /** The end of an operation the server has taken. Throws its failure, or that we lost sight of it. */
  async function follow(operation: string, signal: AbortSignal): Promise<void> {
    const path = `${operation.split('?')[0]}?${new URLSearchParams({ project })}`
    let ended: z.infer<typeof operationSchema> | undefined
    for (let pauseMs = firstPollMs; ended === undefined; pauseMs = Math.min(pauseMs * 1.3, lastPollMs)) {
      try {
        await seams.clock.sleep(pauseMs, signal)
        const now = parsed(operationSchema, (await ask({ method: 'GET', path }, signal)).metadata, path)
        if (now.status_code >= success) ended = now
      } catch (error) {
        throw lostSight(error)
      }
    }
    if (ended.status_code >= failure) throw faultOfOperation(ended.err)
  }

  const api: Api = {
    async get(path, schema, signal, query) {
      return parsed(schema, (await ask({ method: 'GET', path: url(path, query) }, signal)).metadata, path)
    },
    async find(path, schema, signal, query) {
      try {
        return await api.get(path, schema, signal, query)
      } catch (error) {
        if (error instanceof ProviderFault && error.kind === 'gone') return undefined
        throw error
      }
    },
    async change(method, path, body, signal, query) {
      const envelope = await ask({ method, path: url(path, query), ...json(body) }, signal)
      if (envelope.type === 'async' && envelope.operation) await follow(envelope.operation, signal)
    },
    async order(path, body, signal) {
      await ask({ method: 'PUT', path: url(path), ...json(body) }, signal)
    },
    async readFile(instance, path, signal) {
      const call: Call = { method: 'GET', path: url(`/instances/${instance}/files`, { path }) }
      const answer = await connection.send(call, signal)
      if (answer.status !== 200) throw faultOf(answer, open(answer, call).error ?? '', call)
      return answer.body.toString('utf8')
    },
    async putFile(instance, { path, mode, uid, gid, content }, signal) {
      const facts = {
        type: content === undefined ? 'directory' : 'file',
        mode,
        uid: String(uid),
        gid: String(gid),
        write: 'overwrite',
      }
      const headers: Record<string, string> = { 'content-type': 'application/octet-stream' }
      for (const [name, value] of Object.entries(facts)) {
        headers[`x-incus-${name}`] = value
        headers[`x-lxd-${name}`] = value
      }
      await ask(
        { method: 'POST', path: url(`/instances/${instance}/files`, { path }), headers, body: content ?? '' },
        signal,
      )
    },
    async settled(instance, signal) {
      for (let pauseMs = firstPollMs; ; pauseMs = Math.min(pauseMs * 1.3, lastPollMs)) {
        if (!(await api.underWay(signal)).has(instance)) return
        await seams.clock.sleep(pauseMs, signal)
      }
    },
    async underWay(signal) {
      const byStatus = await api.get('/operations', operationsSchema, signal, { recursion: '1' })
      return new Set(
        Object.values(byStatus ?? {})
          .flat()
          .flatMap(touchedBy),
      )
    },
  }
  return api
}

function json(body: unknown): Pick<Call, 'body' | 'headers'> {
  if (body === undefined) return {}
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

/** The instances of an operation that has not ended. */
function touchedBy({ status_code, resources }: z.infer<typeof operationSchema>): string[] {
  if (status_code >= success) return []
  const paths = [...(resources?.instances ?? []), ...(resources?.containers ?? [])]
  return paths.map((path) => path.split('?')[0]?.split('/').at(-1) ?? '')
}

/**
 * What the server has taken goes on without us: a broken connection, a restarted server that forgot its operations or
 * an abort tell nothing of its end, though the call that failed was only a look.
 */
function lostSight(error: unknown): ProviderFault {
  const message = `lost sight of an operation: ${error instanceof Error ? error.message : String(error)}`
  return new ProviderFault({ kind: 'transient', outcome: 'unknown' }, message, { cause: error })
}

function open(answer: Answer, call: Call): z.infer<typeof envelopeSchema> {
  try {
    return envelopeSchema.parse(JSON.parse(answer.body.toString('utf8')))
  } catch (error) {
    throw unreadable(answer, call, error)
  }
}

function unreadable(answer: Answer, call: Call, cause: unknown): ProviderFault {
  const outcome = call.method === 'GET' ? 'none' : 'unknown'
  return new ProviderFault({ kind: 'transient', outcome }, `no answer of Incus (HTTP ${answer.status})`, { cause })
}

function faultOf(answer: Answer, text: string, call: Call): ProviderFault {
  const seconds = Number(answer.headers['retry-after'])
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined
  return faultOfAnswer(answer.status, text, call.method !== 'GET', retryAfterMs)
}

function parsed<T>(schema: z.ZodType<T>, metadata: unknown, path: string): T {
  const result = schema.safeParse(metadata)
  if (result.success) return result.data
  // Only looks are parsed, and they have no effect.
  throw new ProviderFault({ kind: 'transient', outcome: 'none' }, `${path}: ${z.prettifyError(result.error)}`)
}
