// openapi.yaml is what the endpoints say, and nothing else: routes and schemas through @hono/zod-openapi's registry,
// then what every endpoint has in common (headers, problems, the token) put in once by openapi3-ts's builder.

import { createRoute, OpenAPIHono } from '@hono/zod-openapi'
import { type HeaderObject, type OpenAPIObject, OpenApiBuilder, type ParameterObject } from 'openapi3-ts/oas31'
import { stringify } from 'yaml'
import type { ProblemCode } from '../kernel/problem.ts'
import type { Endpoint, Kit } from './endpoint.ts'
import { ProblemSchema, problemType } from './problem.ts'
import { z } from './schema.ts'
import { problemStatus } from './status.ts'

export interface ApiInfo {
  readonly version: string
  readonly description: string
  /** Tag -> what it is about, in the order of the document. */
  readonly tags: Readonly<Record<string, string>>
}

/** The OpenAPI 3.1 document of the endpoints. */
export function openapiDocument<K extends Kit>(endpoints: readonly Endpoint<K>[], info: ApiInfo): OpenAPIObject {
  const app = new OpenAPIHono()
  app.openAPIRegistry.register('Problem', ProblemSchema)
  for (const endpoint of endpoints) app.openAPIRegistry.registerPath(routeOf(endpoint))
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Gantry',
      version: info.version,
      description: info.description,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: 'http://localhost:8080', description: 'A Gantry started with `gantry serve`.' }],
    tags: Object.entries(info.tags).map(([name, description]) => ({ name, description })),
    security: [{ token: [] }],
  })
  const builder = OpenApiBuilder.create(document).addSecurityScheme('token', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token such as `gnt_...`; the first is printed when an installation is started for the first time.',
  })
  for (const [name, parameter] of Object.entries(parameters)) builder.addParameter(name, parameter)
  for (const [name, header] of Object.entries(responseHeaders)) builder.addHeader(name, header)
  return builder.getSpec()
}

/** The document as it is committed. */
export function openapiYaml(document: OpenAPIObject): string {
  return stringify(document, { lineWidth: 120, aliasDuplicateObjects: false })
}

function routeOf<K extends Kit>(endpoint: Endpoint<K>) {
  const hasParams = Object.keys(endpoint.params.shape).length > 0
  const hasQuery = Object.keys(endpoint.query.shape).length > 0
  return createRoute({
    method: endpoint.method,
    path: endpoint.path,
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
    tags: [endpoint.tag],
    ...(endpoint.permission === 'public' ? { security: [] } : { 'x-permission': endpoint.permission }),
    parameters: commonParameters(endpoint).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    request: {
      ...(hasParams ? { params: endpoint.params } : {}),
      ...(hasQuery ? { query: endpoint.query } : {}),
      ...(endpoint.body
        ? { body: { required: true, content: { 'application/json': { schema: endpoint.body } } } }
        : {}),
    },
    responses: { ...successes(endpoint), ...problems(endpoint) },
  })
}

function successes<K extends Kit>(endpoint: Endpoint<K>) {
  return Object.fromEntries(
    Object.entries(endpoint.answers).map(([status, answer]) => [
      status,
      {
        description: answer.description,
        headers: headerRefs(['X-Request-Id', ...(answer.headers ?? [])]),
        ...(answer.schema
          ? {
              content: {
                'application/json': { schema: answer.schema },
                ...(endpoint.streams ? { 'text/event-stream': { schema: z.string() } } : {}),
              },
            }
          : answer.contentType === undefined
            ? {}
            : { content: { [answer.contentType]: { schema: z.string().openapi({ format: 'binary' }) } } }),
      },
    ]),
  )
}

/** One response a status, naming the codes it comes with. */
function problems<K extends Kit>(endpoint: Endpoint<K>) {
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of codesOf(endpoint)) {
    const { status } = problemStatus[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus.entries()]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        {
          description: `${codes.map((code) => `\`${code}\``).join(', ')}: ${codes.map((code) => problemStatus[code].title).join('; ')}.`,
          headers: headerRefs(['X-Request-Id', ...(status === 503 ? ['Retry-After'] : [])]),
          content: { [problemType]: { schema: ProblemSchema } },
        },
      ]),
  )
}

/** Every problem this endpoint may answer with: its own and those of its features. */
export function codesOf<K extends Kit>(endpoint: Endpoint<K>): ProblemCode[] {
  const codes = new Set<ProblemCode>(endpoint.problems)
  if (endpoint.permission !== 'public')
    for (const code of ['unauthenticated', 'forbidden', 'unavailable'] as const) codes.add(code)
  if (Object.keys(endpoint.params.shape).length > 0) codes.add('not_found')
  // Query and body are strict, and the unknown field is a problem where there is none to know.
  codes.add('invalid_request')
  if (endpoint.body) for (const code of ['payload_too_large', 'unsupported_media_type'] as const) codes.add(code)
  if (endpoint.method === 'post' && endpoint.permission !== 'public') codes.add('idempotency_mismatch')
  if (endpoint.matches) codes.add('precondition_failed')
  codes.add('internal')
  return [...codes]
}

function commonParameters<K extends Kit>(endpoint: Endpoint<K>): (keyof typeof parameters)[] {
  return [
    ...(endpoint.method === 'post' && endpoint.permission !== 'public' ? (['IdempotencyKey'] as const) : []),
    ...(endpoint.waits ? (['Prefer'] as const) : []),
    ...(endpoint.matches ? (['IfMatch'] as const) : []),
    ...(endpoint.streams ? (['LastEventId'] as const) : []),
  ]
}

function headerRefs(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

const parameters = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description: 'The same key and request within 24 hours is done once and answered alike.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    example: '7f1d4b9e-2f0a-4c55-9a3e-0a6f1c2d3e4f',
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    required: false,
    description: '`wait=N` holds the answer until the work is done, at most N (of at most 60) seconds.',
    schema: { type: 'string' },
    example: 'wait=30',
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    required: false,
    description: 'The ETag that was read: the change is refused when it was changed meanwhile.',
    schema: { type: 'string' },
    example: '"3"',
  },
  LastEventId: {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    description: 'The last event a watcher has seen: it goes on after it.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
    example: '1841',
  },
} satisfies Record<string, ParameterObject>

const responseHeaders = {
  'X-Request-Id': { description: 'Finds this request in the log.', schema: { type: 'string' } },
  ETag: { description: 'The version; give it as If-Match.', schema: { type: 'string' } },
  Location: { description: 'Where to look on.', schema: { type: 'string' } },
  'Preference-Applied': { description: 'That Prefer was honoured.', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds.', schema: { type: 'integer' } },
  Allow: { description: 'The methods of this path.', schema: { type: 'string' } },
} satisfies Record<string, HeaderObject>
