// What the server refuses, it refuses as problem+json (RFC 9457); what never reached it is a problem of the same shape,
// so that one printer serves both and every error says what to do next.

import { z } from 'zod'

const body = z.looseObject({
  code: z.string().default('internal'),
  title: z.string().optional(),
  detail: z.string().optional(),
  next: z.string().nullish(),
  requestId: z.string().optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
  errors: z.array(z.looseObject({ pointer: z.string(), detail: z.string() })).optional(),
})

export interface ProblemBody {
  /** A code of the API, or one of ours: `server_unreachable`, `not_gantry`, `usage`. */
  readonly code: string
  readonly detail: string
  readonly next?: string | undefined
  readonly requestId?: string | undefined
  readonly facts?: Readonly<Record<string, unknown>> | undefined
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[] | undefined
  /** HTTP status; 0 when no answer came. */
  readonly status: number
}

/** A request that was refused, failed or could not be sent. */
export class ApiProblem extends Error implements ProblemBody {
  readonly code: string
  readonly detail: string
  readonly next: string | undefined
  readonly requestId: string | undefined
  readonly facts: ProblemBody['facts']
  readonly errors: ProblemBody['errors']
  readonly status: number

  constructor(problem: ProblemBody, options?: { cause?: unknown }) {
    super(`${problem.code}: ${problem.detail}`, options)
    this.name = 'ApiProblem'
    this.code = problem.code
    this.detail = problem.detail
    this.next = problem.next
    this.requestId = problem.requestId
    this.facts = problem.facts
    this.errors = problem.errors
    this.status = problem.status
  }
}

/** Reads the problem out of an answer that is not 2xx; an answer that is no problem+json is a problem of its own. */
export async function problemOf(response: Response, url: string): Promise<ApiProblem> {
  const text = await response.text()
  const parsed = body.safeParse(jsonOrNothing(text))
  if (!parsed.success) {
    return new ApiProblem({
      code: 'not_gantry',
      status: response.status,
      detail: `${url} answered ${response.status} ${response.statusText} and no problem report: it may be no Gantry, or a proxy stands in between.`,
      next: 'Check the URL with  gantry context show  and try  gantry doctor.',
    })
  }
  const { code, title, detail, next, requestId, facts, errors } = parsed.data
  return new ApiProblem({
    code,
    detail: detail ?? title ?? `The server answered ${response.status}.`,
    next: next ?? undefined,
    requestId: requestId ?? response.headers.get('x-request-id') ?? undefined,
    facts,
    errors,
    status: response.status,
  })
}

/** No answer came: refused, unknown host, connection lost. */
export function unreachable(url: string, cause: unknown): ApiProblem {
  return new ApiProblem(
    {
      code: 'server_unreachable',
      status: 0,
      detail: `No Gantry answers at ${url} (${reason(cause)}).`,
      next: 'Start one with  gantry serve,  or point to another with  --url  or  gantry context use.',
    },
    { cause },
  )
}

/** The system's short word for why a connection failed, e.g. ECONNREFUSED. */
function reason(cause: unknown): string {
  for (let error = cause; error instanceof Error; error = error.cause) {
    if ('code' in error && typeof error.code === 'string') return error.code
    if (error.cause === undefined) return error.message
  }
  return String(cause)
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
