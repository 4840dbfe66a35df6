// Calls typed by openapi.yaml: which paths a verb has, what goes into them and what comes out. An endpoint that changes
// is an error of the compiler here, not of a user later.

import type { paths } from '../api-types.ts'
import { fill, type Query, type Request, type Server, sendJson, type Verb } from './rest.ts'

export type PathFor<V extends Verb> = {
  [P in keyof paths]: paths[P] extends { readonly [K in V]: object } ? P : never
}[keyof paths]
type Operation<V extends Verb, P extends keyof paths> = NonNullable<paths[P][V]>

type Strings = Readonly<Record<string, string>>

/** Values for the `{names}` of a path. */
export type PathOf<V extends Verb, P extends keyof paths> =
  Operation<V, P> extends { parameters: { path: infer Names extends Strings } } ? Names : Strings
export type QueryOf<V extends Verb, P extends keyof paths> =
  Operation<V, P> extends { parameters: { query?: infer Asked extends Query } } ? Asked : never
export type BodyOf<V extends Verb, P extends keyof paths> =
  Operation<V, P> extends { requestBody?: { content: { 'application/json': infer Body } } } ? Body : undefined

type Json<Response> = Response extends { content: { 'application/json': infer Body } } ? Body : undefined
type Status = 200 | 201 | 202 | 204
type Good<Responses> = { [K in Extract<keyof Responses, Status>]: Json<Responses[K]> }
type ValuesOf<T> = T[keyof T]
/** The JSON of any answer that is not a problem. */
export type AnswerOf<V extends Verb, P extends keyof paths> =
  Operation<V, P> extends { responses: infer Responses } ? ValuesOf<Good<Responses>> : never
type ItemOf<Answer> = Answer extends { items: readonly (infer Item)[] } ? Item : never

export interface Input<V extends Verb, P extends keyof paths> {
  readonly query?: QueryOf<V, P> | undefined
  readonly body?: BodyOf<V, P> | undefined
  readonly headers?: Request['headers']
}

/** Sends one typed call and gives back its JSON. Throws ApiProblem. */
export async function call<V extends Verb, P extends PathFor<V>>(
  server: Server,
  verb: V,
  path: P,
  values: PathOf<V, P>,
  input: Input<V, P> = {},
): Promise<AnswerOf<V, P>> {
  const { body } = await sendJson(server, { ...input, verb, path: fill(path, values) })
  // The server checked what it sends against the schema that these types are made of.
  return body as AnswerOf<V, P>
}

/** Every item of a list, page by page. */
export async function all<P extends PathFor<'get'>>(
  server: Server,
  path: P,
  values: PathOf<'get', P>,
  query: Partial<QueryOf<'get', P>> = {},
): Promise<ItemOf<AnswerOf<'get', P>>[]> {
  const items: ItemOf<AnswerOf<'get', P>>[] = []
  let cursor: string | undefined
  do {
    const { body } = await sendJson(server, { verb: 'get', path: fill(path, values), query: { ...query, cursor } })
    const page = body as { items: ItemOf<AnswerOf<'get', P>>[]; next?: string | null }
    items.push(...page.items)
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
  return items
}
