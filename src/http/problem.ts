// Every refusal leaves as RFC 9457 problem+json, whatever was thrown: a ProblemError says itself what it is, anything
// else is our fault, told to the log in full and to the caller by its request id only.

import { type Problem, ProblemError, problemCodes } from '../kernel/problem.ts'
import { JsonValue, z } from './schema.ts'
import { problemStatus } from './status.ts'

export const ProblemSchema = z
  .object({
    type: z.string().openapi({ example: '/problems/quota_exceeded' }),
    title: z.string().openapi({ example: 'Quota exceeded' }),
    status: z.int().openapi({ example: 409 }),
    code: z.enum(problemCodes),
    detail: z.string().openapi({ example: 'vm.count: 43 wanted, 12 left in ticket gold.' }),
    facts: z.record(z.string(), JsonValue).optional(),
    next: z.string().optional().openapi({
      description: 'What to do next.',
      example: 'Ask a tenant-admin for a larger share, or lower parameters.workers to 9 or less.',
    }),
    errors: z
      .array(z.object({ pointer: z.string().openapi({ description: 'JSON pointer (RFC 6901).' }), detail: z.string() }))
      .optional()
      .openapi({ description: 'Which fields are wrong.' }),
    requestId: z.string(),
  })
  .openapi('Problem')

export const problemType = 'application/problem+json'

/** The answer to a caller; `requestId` finds the cause in the log. */
export function problemResponse(problem: Problem, requestId: string, headers: Record<string, string> = {}): Response {
  const { status, title } = problemStatus[problem.code]
  const body = {
    type: `/problems/${problem.code}`,
    title,
    status,
    code: problem.code,
    detail: problem.detail,
    facts: problem.facts,
    next: problem.next,
    errors: problem.errors,
    requestId,
  }
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': problemType,
      'cache-control': 'no-store',
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="gantry"' } : {}),
      ...(status === 503 ? { 'retry-after': '2' } : {}),
      ...headers,
    },
  })
}

/** What was thrown, as a problem that may be shown. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.toProblem()
  return {
    code: 'internal',
    detail: 'Something is wrong with Gantry itself.',
    next: 'Give the request id to whoever runs this installation: the log says more.',
  }
}
