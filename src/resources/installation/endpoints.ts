import { ok } from '../../http/reply.ts'
import { instant } from '../../http/schema.ts'
import { ProblemError } from '../../kernel/problem.ts'
import { endpoint, installation } from '../endpoint.ts'
import { Liveness, Readiness, Version } from './schemas.ts'
import { getInstallation } from './store.ts'

export const installationEndpoints = [
  endpoint({
    method: 'get',
    path: '/healthz',
    operationId: 'getLiveness',
    summary: 'Whether the process lives',
    tag: 'installation',
    permission: 'public',
    about: installation,
    answers: { 200: { description: 'It lives.', schema: Liveness } },
    problems: [],
    handle: async () => ok({ status: 'ok' }),
  }),
  endpoint({
    method: 'get',
    path: '/readyz',
    operationId: 'getReadiness',
    summary: 'Whether the process can work',
    description: 'It can reach its database and is not closing.',
    tag: 'installation',
    permission: 'public',
    about: installation,
    answers: { 200: { description: 'It can work.', schema: Readiness } },
    problems: ['unavailable'],
    async handle({ store, closing }) {
      if (closing.aborted) {
        throw new ProblemError({ code: 'unavailable', detail: 'This process is closing.', next: 'Ask another one.' })
      }
      await getInstallation(store.read)
      return ok({ status: 'ok', checks: { database: 'ok' } })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/version',
    operationId: 'getVersion',
    summary: 'What is running',
    tag: 'installation',
    permission: 'installation.read',
    about: installation,
    answers: { 200: { description: 'Version and installation.', schema: Version } },
    problems: [],
    async handle({ store, info }) {
      const row = await getInstallation(store.read)
      return ok({
        version: info.version,
        api: 'v1',
        node: process.version,
        installation: row.id,
        reportOnly: row.report_only === 1,
        database: info.database,
        startedAt: instant(info.startedAt),
      })
    },
  }),
]
