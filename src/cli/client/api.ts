// Every call of the API that the command line makes, by name: so that what it needs of the server is read in one place.

import { fill, type Query, type Request, type Server, send, sendJson, type Verb } from './rest.ts'
import type * as T from './types.ts'

export type Api = ReturnType<typeof apiOf>
type Body = Readonly<Record<string, unknown>>
type Path = Readonly<Record<string, string>>
interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** The API at one server, as one caller. */
export function apiOf(server: Server) {
  async function call<Answer>(
    verb: Verb,
    template: string,
    path: Path = {},
    rest: Partial<Request> = {},
  ): Promise<Answer> {
    // The types are the server's own, made of its openapi.yaml; what it sends was checked against them on its side.
    const { body } = await sendJson(server, { ...rest, verb, path: fill(template, path) })
    return body as Answer
  }
  const get = <Answer>(template: string, path: Path = {}, query: Query = {}) =>
    call<Answer>('get', template, path, { query })
  const post = <Answer>(template: string, path: Path, body: Body, query: Query = {}) =>
    call<Answer>('post', template, path, { body, query })
  async function all<Item>(template: string, path: Path = {}, query: Query = {}): Promise<Item[]> {
    const items: Item[] = []
    let cursor: string | undefined
    do {
      const page: Page<Item> = await get(template, path, { limit: 200, ...query, cursor })
      items.push(...page.items)
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return items
  }
  /** Reads the resource's ETag and sends the change for exactly that version. */
  async function change<Answer>(verb: Verb, template: string, path: Path, body?: Body): Promise<Answer> {
    const current = await send(server, { verb: 'get', path: fill(template, path) })
    await current.body?.cancel()
    const etag = current.headers.get('etag')
    return call<Answer>(verb, template, path, { body, headers: etag === null ? {} : { 'if-match': etag } })
  }

  return {
    server,
    version: () => get<T.Version>('/v1/version'),
    ready: () => get<{ status: string; checks: Record<string, string> }>('/readyz'),

    tenants: (query?: Query) => all<T.Tenant>('/v1/tenants', {}, query),
    tenant: (tenant: string) => get<T.Tenant>('/v1/tenants/{tenant}', { tenant }),
    createTenant: (body: Body) => post<T.Tenant>('/v1/tenants', {}, body),
    deleteTenant: (tenant: string) => change<void>('delete', '/v1/tenants/{tenant}', { tenant }),

    projects: (query?: Query) => all<T.Project>('/v1/projects', {}, query),
    project: (project: string) => get<T.Project>('/v1/projects/{project}', { project }),
    createProject: (tenant: string, body: Body) => post<T.Project>('/v1/tenants/{tenant}/projects', { tenant }, body),
    setShare: (project: string, ticket: string, body: Body) =>
      call<T.Project>('put', '/v1/projects/{project}/shares/{ticket}', { project, ticket }, { body }),
    deleteProject: (project: string) => change<void>('delete', '/v1/projects/{project}', { project }),

    tickets: (tenant: string, query?: Query) => all<T.Ticket>('/v1/tenants/{tenant}/tickets', { tenant }, query),
    ticket: (ticket: string) => get<T.Ticket>('/v1/tickets/{ticket}', { ticket }),
    createTicket: (tenant: string, body: Body) => post<T.Ticket>('/v1/tenants/{tenant}/tickets', { tenant }, body),
    setTicket: (ticket: string, body: Body) => change<T.Ticket>('patch', '/v1/tickets/{ticket}', { ticket }, body),
    deleteTicket: (ticket: string) => change<void>('delete', '/v1/tickets/{ticket}', { ticket }),

    providers: (query?: Query) => all<T.Provider>('/v1/providers', {}, query),
    provider: (provider: string) => get<T.Provider>('/v1/providers/{provider}', { provider }),
    createProvider: (body: Body) => post<T.Provider>('/v1/providers', {}, body),
    setProvider: (provider: string, body: Body) =>
      change<T.Provider>('patch', '/v1/providers/{provider}', { provider }, body),
    deleteProvider: (provider: string) => change<void>('delete', '/v1/providers/{provider}', { provider }),
    providerKinds: () => get<{ items: T.ProviderKind[] }>('/v1/provider-kinds'),
    hosts: (query?: Query) => all<T.Host>('/v1/hosts', {}, query),
    zones: async (query?: Query) => (await get<{ items: T.Zone[] }>('/v1/zones', {}, query)).items,
    flavors: () => get<{ items: T.Flavor[] }>('/v1/flavors'),
    images: () => get<{ items: T.Image[] }>('/v1/images'),

    blueprints: (query?: Query) => all<T.Blueprint>('/v1/blueprints', {}, query),
    blueprint: (blueprint: string) => get<T.BlueprintDetail>('/v1/blueprints/{blueprint}', { blueprint }),
    createBlueprint: (body: Body) => post<T.Blueprint>('/v1/blueprints', {}, body),

    platforms: (query?: Query) => all<T.PlatformSummary>('/v1/platforms', {}, query),
    platform: (platform: string) => get<T.Platform>('/v1/platforms/{platform}', { platform }),
    createPlatform: (project: string, body: Body) =>
      post<T.Task>('/v1/projects/{project}/platforms', { project }, body),
    previewPlatform: (project: string, body: Body) =>
      post<T.PlatformPreview>('/v1/projects/{project}/platforms', { project }, body, { dryRun: true }),
    setPlatform: (platform: string, body: Body) =>
      change<T.Platform>('patch', '/v1/platforms/{platform}', { platform }, body),
    deletePlatform: (platform: string) => change<T.Task>('delete', '/v1/platforms/{platform}', { platform }),
    explain: (platform: string) => get<T.Explanation>('/v1/platforms/{platform}/explain', { platform }),
    platformHistory: (platform: string) =>
      get<{ items: T.Transition[] }>('/v1/platforms/{platform}/history', { platform }),
    logs: (platform: string, query: Query) => get<T.LogList>('/v1/platforms/{platform}/logs', { platform }, query),
    output: (platform: string, output: string) =>
      get<T.Output>('/v1/platforms/{platform}/outputs/{output}', { platform, output }),

    machines: (query?: Query) => all<T.Machine>('/v1/machines', {}, query),
    machine: (machine: string) => get<T.Machine>('/v1/machines/{machine}', { machine }),
    machineSsh: (machine: string) => get<T.MachineSsh>('/v1/machines/{machine}/ssh', { machine }),
    machineHistory: (machine: string) => get<{ items: T.Transition[] }>('/v1/machines/{machine}/history', { machine }),

    tasks: (query?: Query) => all<T.TaskSummary>('/v1/tasks', {}, query),
    task: (task: string) => get<T.Task>('/v1/tasks/{task}', { task }),
    receipts: (query?: Query) => all<T.Receipt>('/v1/receipts', {}, query),
    receipt: (receipt: string) => get<T.Receipt>('/v1/receipts/{receipt}', { receipt }),
    events: (query?: Query) => get<{ items: T.Event[]; next: number; more: boolean }>('/v1/events', {}, query),
  }
}
