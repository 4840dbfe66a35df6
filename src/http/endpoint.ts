// An endpoint is a value: method, path, schemas, who may call it, what it answers, which problems it knows, and the
// function that answers. The router, openapi.yaml and the sweeps that call every endpoint all read the same list, so
// none can miss one.
//
// The kit knows no resource. What it works on comes as type parameters: World (the rooms a handler uses), Scope (what
// access mints), Permission, Target (what a call is about) and Tx (a transaction).

import type { ProblemCode } from '../kernel/problem.ts'
import { parseInput } from './parse.ts'
import type { Reply } from './reply.ts'
import { z } from './schema.ts'

export interface Kit {
  World: unknown
  Scope: unknown
  Permission: string
  Target: unknown
  Tx: unknown
}

/** What every handler is told, besides its parsed input. */
export interface CallFacts<K extends Kit> {
  readonly scope: K['Scope']
  readonly requestId: string
  /** Of `Prefer: wait=N`; 0 when not asked for or the endpoint does not offer it. */
  readonly waitMs: number
  readonly ifMatch: string | undefined
  /** Of SSE. */
  readonly lastEventId: string | undefined
  /** Whether the caller wants server-sent events. */
  readonly wantsEvents: boolean
  /** Aborts when the caller has gone or the server closes. */
  readonly signal: AbortSignal
  /**
   * The one way to change something: one transaction in which the answer is remembered for the Idempotency-Key, so
   * that a repeated request finds it, and a crash in between leaves neither.
   */
  commit(work: (tx: K['Tx']) => Promise<Reply>): Promise<Reply>
}

export type Call<K extends Kit, P, Q, B> = CallFacts<K> & { readonly params: P; readonly query: Q; readonly body: B }

export interface Answer {
  readonly description: string
  /** Absent: no body. */
  readonly schema?: z.ZodType
  /** Response headers besides X-Request-Id. */
  readonly headers?: readonly ('ETag' | 'Location' | 'Preference-Applied')[]
  readonly contentType?: string
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'

export interface Spec<K extends Kit, P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: Method
  /** With parameters in braces: `/v1/tenants/{tenant}`. */
  readonly path: `/${string}`
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tag: string
  /** `public` needs no token. */
  readonly permission: K['Permission'] | 'public'
  /** What the call is about: who may see that, may be allowed; to all others it does not exist. */
  readonly about: (params: z.output<P>) => K['Target']
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly maxBodyBytes?: number
  /** Success status -> answer. */
  readonly answers: { readonly [status: number]: Answer }
  /** Problem codes besides those every endpoint has. */
  readonly problems: readonly ProblemCode[]
  /** Honours `Prefer: wait=N`. */
  readonly waits?: true
  /** Honours If-Match. */
  readonly matches?: true
  /** Answers server-sent events to `Accept: text/event-stream`. */
  readonly streams?: true
  readonly handle: (world: K['World'], call: Call<K, z.output<P>, z.output<Q>, z.output<B>>) => Promise<Reply>
}

/** An endpoint whose schemas' types are closed over: what lists hold. */
export interface Endpoint<K extends Kit> {
  readonly method: Method
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly description: string | undefined
  readonly tag: string
  readonly permission: K['Permission'] | 'public'
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  readonly body: z.ZodType | undefined
  readonly maxBodyBytes: number
  readonly answers: { readonly [status: number]: Answer }
  readonly problems: readonly ProblemCode[]
  readonly waits: boolean
  readonly matches: boolean
  readonly streams: boolean
  /** The call these path parameters make; undefined when they have not the form of it, so that nothing can be there. */
  open(params: unknown): Opened<K> | undefined
}

export interface Opened<K extends Kit> {
  readonly target: K['Target']
  /** Parses the rest, or throws invalid_request; gives the function that answers. */
  prepare(input: { query: unknown; body: unknown }): (world: K['World'], facts: CallFacts<K>) => Promise<Reply>
}

/** `endpoint()` for one kit: types flow from the schemas to the handler, and no further. */
export function endpointsOf<K extends Kit>() {
  return function endpoint<
    P extends z.ZodObject = typeof nothing,
    Q extends z.ZodObject = typeof nothing,
    B extends z.ZodType = typeof noBody,
  >(spec: Spec<K, P, Q, B>): Endpoint<K> {
    // P, Q and B are their defaults exactly when the schema is left out; the compiler cannot follow that.
    const params = (spec.params ?? nothing) as P
    const query = (spec.query ?? nothing) as Q
    const body = (spec.body ?? noBody) as B
    return {
      method: spec.method,
      path: spec.path,
      operationId: spec.operationId,
      summary: spec.summary,
      description: spec.description,
      tag: spec.tag,
      permission: spec.permission,
      params,
      query,
      body: spec.body,
      maxBodyBytes: spec.maxBodyBytes ?? 1_048_576,
      answers: spec.answers,
      problems: spec.problems,
      waits: spec.waits ?? false,
      matches: spec.matches ?? false,
      streams: spec.streams ?? false,
      open(raw) {
        const parsed = params.safeParse(raw)
        if (!parsed.success) return undefined
        return {
          target: spec.about(parsed.data),
          prepare: (input) => {
            const parsedQuery = parseInput(query, input.query, 'query')
            const parsedBody = parseInput(body, input.body, 'body')
            return (world, facts) =>
              spec.handle(
                world,
                // Not a copy: the signal is made when it is asked for, and most calls never ask.
                Object.assign(facts, { params: parsed.data, query: parsedQuery, body: parsedBody }),
              )
          },
        }
      },
    }
  }
}

const nothing = z.strictObject({})
const noBody = z.undefined()
