// Where the `type` of a problem leads: the closed list of codes, each with its meaning.

import { ok } from '../../http/reply.ts'
import { z } from '../../http/schema.ts'
import { problemStatus } from '../../http/status.ts'
import { type ProblemCode, problemCodes } from '../../kernel/problem.ts'
import { endpoint, installation } from '../endpoint.ts'
import { ProblemKind, ProblemKindList } from './schemas.ts'

export const problemEndpoints = [
  endpoint({
    method: 'get',
    path: '/problems',
    operationId: 'listProblemKinds',
    summary: 'List the codes that problems have',
    tag: 'installation',
    permission: 'public',
    about: installation,
    answers: { 200: { description: 'All of them.', schema: ProblemKindList } },
    problems: [],
    handle: async () => ok({ items: problemCodes.map(view) }),
  }),
  endpoint({
    method: 'get',
    path: '/problems/{code}',
    operationId: 'getProblemKind',
    summary: 'Show what a code means',
    tag: 'installation',
    permission: 'public',
    about: installation,
    params: z.object({ code: z.enum(problemCodes) }),
    answers: { 200: { description: 'The code.', schema: ProblemKind } },
    problems: [],
    handle: async (_, { params: { code } }) => ok(view(code)),
  }),
]

function view(code: ProblemCode): ProblemKind {
  const { title, status } = problemStatus[code]
  return { code, title, status }
}
