// Every answer any test gets is held against what the endpoint declares: status, problem code, and every field of the
// body, so that openapi.yaml, which is made of the same declarations, cannot promise what the server does not keep.

import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { codesOf } from '../../../src/http/openapi.ts'
import { ProblemSchema } from '../../../src/http/problem.ts'
import { problemStatus } from '../../../src/http/status.ts'
import { endpoints } from '../../../src/resources/api.ts'

interface Seen {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
}

/** Operation ids of endpoints that answered with a success of theirs in this process. */
export const succeeded = new Set<string>()

/** Throws when the answer is not one that the endpoint declares. */
export function conform(method: string, path: string, seen: Seen): void {
  const bare = path.split('?')[0] ?? path
  const endpoint = endpoints.find((each) => each.method === method.toLowerCase() && patternOf(each.path).test(bare))
  if (!endpoint) return
  const say = (what: string) =>
    new Error(`${method} ${path} (${endpoint.operationId}): ${what}: ${JSON.stringify(seen.body)}`)
  if (!/^req_/.test(seen.headers.get('x-request-id') ?? '')) throw say('no request id')
  const answer = endpoint.answers[seen.status]
  if (!answer) {
    const problem = ProblemSchema.safeParse(seen.body)
    if (!problem.success) throw say(`${seen.status} is no problem`)
    const { code, status } = problem.data
    if (problemStatus[code].status !== seen.status || status !== seen.status) throw say(`${code} with ${seen.status}`)
    if (!codesOf(endpoint).includes(code)) throw say(`does not declare ${code}`)
    const fault = unhelpful(problem.data)
    if (fault) throw say(fault)
    return
  }
  succeeded.add(endpoint.operationId)
  for (const header of answer.headers ?? []) {
    if (header !== 'Preference-Applied' && !seen.headers.get(header)) throw say(`no ${header}`)
  }
  if (!answer.schema) {
    if (seen.body !== undefined) throw say('a body where there is none')
    return
  }
  const parsed = answer.schema.safeParse(seen.body)
  if (!parsed.success) throw say(`does not fit its schema, ${parsed.error.message}`)
  if (!isDeepStrictEqual(parsed.data, seen.body)) throw say('has fields that its schema does not')
}

/** What keeps a refusal from helping the person who reads it; undefined when nothing does. */
function unhelpful({ detail, next, errors }: z.output<typeof ProblemSchema>): string | undefined {
  if (!next) return 'does not say what to do next'
  for (const [call, method = '', path = ''] of next.matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/[\w{}./-]*[\w}])/g)) {
    const there = endpoints.some((each) => each.method === method.toLowerCase() && patternOf(each.path).test(path))
    if (!there) return `advises ${call}, which is not there`
  }
  for (const text of [detail, ...(errors ?? []).map((error) => error.detail)]) {
    if (/Invalid (input|option)|Too (small|big)|expected \w+,|[?!.]\.$/.test(text))
      return `is not in plain words: ${text}`
  }
  return undefined
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}
