// Every call of the API that the command line makes, by name: so that what it needs of the server is read in one place.

import { fill, type Server, send } from './rest.ts'
import { type AnswerOf, all, type BodyOf, call, type QueryOf } from './typed.ts'
import type { Platform, PlatformDifference } from './types.ts'

type Task = AnswerOf<'get', '/v1/tasks/{task}'>
const operationsOf = '/v1/platforms/{platform}/operations'
const maintenanceOf = '/v1/providers/{provider}/hosts/{host}/maintenance'
const platformsOf = '/v1/projects/{project}/platforms'
const forgetOf = '/v1/platforms/{platform}/problems/{problem}/forget'
const resolveOf = '/v1/platforms/{platform}/problems/{problem}/resolve'
const platformOf = '/v1/platforms/{platform}'

/** Of an answer that is a plan only when one was asked for. */
function taskOf(answer: Task | PlatformDifference): Task {
  if ('waves' in answer) throw new Error('a plan was answered that was not asked for')
  return answer
}

function difference(answer: Task | Platform | PlatformDifference): PlatformDifference {
  if (!('waves' in answer)) throw new Error('a plan was asked for and not answered')
  return answer
}

export type Api = ReturnType<typeof apiOf>

/** The API at one server, as one caller. Every call throws ApiProblem when it is refused or cannot be made. */
export function apiOf(server: Server) {
  return {
    server,
    version: () => call(server, 'get', '/v1/version', {}),
    /** The response, unread: a file of any size. */
    backup: () => send(server, { verb: 'get', path: '/v1/backup', timeoutMs: 0, headers: { accept: '*/*' } }),
    restoreReport: () => call(server, 'get', '/v1/restore/report', {}),
    acceptRestore: (report: string) => call(server, 'post', '/v1/restore/accept', {}, { body: { report } }),
    ready: () => call(server, 'get', '/readyz', {}),

    tenants: (query?: QueryOf<'get', '/v1/tenants'>) => all(server, '/v1/tenants', {}, query),
    tenant: (tenant: string) => call(server, 'get', '/v1/tenants/{tenant}', { tenant }),
    createTenant: (body: BodyOf<'post', '/v1/tenants'>) => call(server, 'post', '/v1/tenants', {}, { body }),
    deleteTenant: (tenant: string) => call(server, 'delete', '/v1/tenants/{tenant}', { tenant }),

    projects: (query?: QueryOf<'get', '/v1/projects'>) => all(server, '/v1/projects', {}, query),
    project: (project: string) => call(server, 'get', '/v1/projects/{project}', { project }),
    createProject: (tenant: string, body: BodyOf<'post', '/v1/tenants/{tenant}/projects'>) =>
      call(server, 'post', '/v1/tenants/{tenant}/projects', { tenant }, { body }),
    setShare: (project: string, ticket: string, body: BodyOf<'put', '/v1/projects/{project}/shares/{ticket}'>) =>
      call(server, 'put', '/v1/projects/{project}/shares/{ticket}', { project, ticket }, { body }),
    deleteProject: (project: string) => call(server, 'delete', '/v1/projects/{project}', { project }),

    tickets: (tenant: string, query?: QueryOf<'get', '/v1/tenants/{tenant}/tickets'>) =>
      all(server, '/v1/tenants/{tenant}/tickets', { tenant }, query),
    ticket: (ticket: string) => call(server, 'get', '/v1/tickets/{ticket}', { ticket }),
    createTicket: (tenant: string, body: BodyOf<'post', '/v1/tenants/{tenant}/tickets'>) =>
      call(server, 'post', '/v1/tenants/{tenant}/tickets', { tenant }, { body }),
    setTicket: (ticket: string, body: BodyOf<'patch', '/v1/tickets/{ticket}'>) =>
      call(server, 'patch', '/v1/tickets/{ticket}', { ticket }, { body }),
    deleteTicket: (ticket: string) => call(server, 'delete', '/v1/tickets/{ticket}', { ticket }),

    providerKinds: async () => (await call(server, 'get', '/v1/provider-kinds', {})).items,
    providers: (query?: QueryOf<'get', '/v1/providers'>) => all(server, '/v1/providers', {}, query),
    provider: (provider: string) => call(server, 'get', '/v1/providers/{provider}', { provider }),
    providerWeather: (provider: string) => call(server, 'get', '/v1/providers/{provider}/weather', { provider }),
    providerProblems: async (provider: string) =>
      (await call(server, 'get', '/v1/providers/{provider}/problems', { provider })).items,
    maintenance: (provider: string, host: string) => call(server, 'get', maintenanceOf, { provider, host }),
    async startMaintenance(provider: string, host: string, body: BodyOf<'post', typeof maintenanceOf>) {
      const answer = await call(server, 'post', maintenanceOf, { provider, host }, { body })
      if (!('left' in answer)) throw new Error('a plan was answered that was not asked for')
      return answer
    },
    async previewMaintenance(provider: string, host: string) {
      const [body, query] = [{}, { dryRun: 'true' }] as const
      const answer = await call(server, 'post', maintenanceOf, { provider, host }, { body, query })
      if ('left' in answer) throw new Error('a plan was asked for and not answered')
      return answer
    },
    endMaintenance: (provider: string, host: string) => call(server, 'delete', maintenanceOf, { provider, host }),
    createProvider: (body: BodyOf<'post', '/v1/providers'>) => call(server, 'post', '/v1/providers', {}, { body }),
    setProvider: (provider: string, body: BodyOf<'patch', '/v1/providers/{provider}'>) =>
      call(server, 'patch', '/v1/providers/{provider}', { provider }, { body }),
    deleteProvider: (provider: string) => call(server, 'delete', '/v1/providers/{provider}', { provider }),
    hosts: () => all(server, '/v1/hosts', {}),
    zones: () => all(server, '/v1/zones', {}),
    flavors: () => all(server, '/v1/flavors', {}),
    images: () => all(server, '/v1/images', {}),

    blueprints: () => all(server, '/v1/blueprints', {}),
    blueprint: (blueprint: string) => call(server, 'get', '/v1/blueprints/{blueprint}', { blueprint }),
    createBlueprint: (body: BodyOf<'post', '/v1/blueprints'>) => call(server, 'post', '/v1/blueprints', {}, { body }),

    platforms: (query?: QueryOf<'get', '/v1/platforms'>) => all(server, '/v1/platforms', {}, query),
    platform: (platform: string) => call(server, 'get', '/v1/platforms/{platform}', { platform }),
    async createPlatform(project: string, body: BodyOf<'post', typeof platformsOf>): Promise<Task> {
      const answer = await call(server, 'post', platformsOf, { project }, { body })
      if ('plan' in answer) throw new Error('a plan was answered that was not asked for')
      return answer
    },
    async previewPlatform(project: string, body: BodyOf<'post', typeof platformsOf>) {
      const answer = await call(server, 'post', platformsOf, { project }, { body, query: { dryRun: 'true' } })
      if (!('plan' in answer)) throw new Error('a plan was asked for and not answered')
      return answer
    },
    async setPlatform(platform: string, body: BodyOf<'patch', typeof platformOf>): Promise<Platform> {
      const answer = await call(server, 'patch', platformOf, { platform }, { body })
      if (!('groups' in answer)) throw new Error('a task or a plan was answered where nothing needs work')
      return answer
    },
    /** The task; the platform, where all is so already. */
    async changePlatform(platform: string, body: BodyOf<'patch', typeof platformOf>): Promise<Task | Platform> {
      const answer = await call(server, 'patch', platformOf, { platform }, { body })
      if ('waves' in answer) throw new Error('a plan was answered that was not asked for')
      return answer
    },
    async previewChange(platform: string, body: BodyOf<'patch', typeof platformOf>): Promise<PlatformDifference> {
      return difference(await call(server, 'patch', platformOf, { platform }, { body, query: { dryRun: 'true' } }))
    },
    async rollbackPlatform(platform: string, revision: number | undefined): Promise<Task> {
      const path = '/v1/platforms/{platform}/rollback'
      return taskOf(await call(server, 'post', path, { platform }, { body: { revision } }))
    },
    async previewRollback(platform: string, revision: number | undefined): Promise<PlatformDifference> {
      const path = '/v1/platforms/{platform}/rollback'
      return difference(
        await call(server, 'post', path, { platform }, { body: { revision }, query: { dryRun: 'true' } }),
      )
    },
    renewPlatform: async (platform: string): Promise<Task> =>
      taskOf(await call(server, 'post', '/v1/platforms/{platform}/renew', { platform })),
    async previewRenewal(platform: string): Promise<PlatformDifference> {
      const path = '/v1/platforms/{platform}/renew'
      return difference(await call(server, 'post', path, { platform }, { query: { dryRun: 'true' } }))
    },
    revisions: async (platform: string) =>
      (await call(server, 'get', '/v1/platforms/{platform}/revisions', { platform })).items,
    deletePlatform: (platform: string) => call(server, 'delete', '/v1/platforms/{platform}', { platform }),
    platformProblems: async (platform: string, all = false) =>
      (await call(server, 'get', '/v1/platforms/{platform}/problems', { platform }, { query: { all: `${all}` } }))
        .items,
    resolveProblem: (platform: string, problem: string, resolution: BodyOf<'post', typeof resolveOf>['resolution']) =>
      call(server, 'post', resolveOf, { platform, problem }, { body: { resolution } }),
    forgetMachine: (platform: string, problem: string, reason: string) =>
      call(server, 'post', forgetOf, { platform, problem }, { body: { reason } }),
    forgetPlatform: (platform: string, reason: string) =>
      call(server, 'post', '/v1/platforms/{platform}/forget', { platform }, { body: { reason } }),
    resumePlatform: (platform: string) => call(server, 'post', '/v1/platforms/{platform}/resume', { platform }),
    pausePlatform: (platform: string) => call(server, 'post', '/v1/platforms/{platform}/pause', { platform }),
    async hibernatePlatform(platform: string): Promise<Task> {
      const answer = await call(server, 'post', '/v1/platforms/{platform}/hibernate', { platform })
      if ('machines' in answer) throw new Error('a plan was answered that was not asked for')
      return answer
    },
    async previewHibernation(platform: string) {
      const answer = await call(
        server,
        'post',
        '/v1/platforms/{platform}/hibernate',
        { platform },
        { query: { dryRun: 'true' } },
      )
      if (!('machines' in answer)) throw new Error('a task was answered where a plan was asked for')
      return answer
    },
    schedule: (platform: string) => call(server, 'get', '/v1/platforms/{platform}/schedule', { platform }),
    setSchedule: (platform: string, body: BodyOf<'put', '/v1/platforms/{platform}/schedule'>) =>
      call(server, 'put', '/v1/platforms/{platform}/schedule', { platform }, { body }),
    lease: (platform: string) => call(server, 'get', '/v1/platforms/{platform}/lease', { platform }),
    setLease: (platform: string, body: BodyOf<'put', '/v1/platforms/{platform}/lease'>) =>
      call(server, 'put', '/v1/platforms/{platform}/lease', { platform }, { body }),
    maintenanceWindow: (platform: string) =>
      call(server, 'get', '/v1/platforms/{platform}/maintenance-window', { platform }),
    setMaintenanceWindow: (platform: string, body: BodyOf<'put', '/v1/platforms/{platform}/maintenance-window'>) =>
      call(server, 'put', '/v1/platforms/{platform}/maintenance-window', { platform }, { body }),
    autoUpgrade: (platform: string) => call(server, 'get', '/v1/platforms/{platform}/auto-upgrade', { platform }),
    setAutoUpgrade: (platform: string, follow: 'none' | 'patch' | 'minor') =>
      call(server, 'put', '/v1/platforms/{platform}/auto-upgrade', { platform }, { body: { follow } }),
    async wakePlatform(platform: string): Promise<Task> {
      const answer = await call(server, 'post', '/v1/platforms/{platform}/wake', { platform })
      if ('machines' in answer) throw new Error('a plan was answered that was not asked for')
      return answer
    },
    async previewWaking(platform: string) {
      const query = { dryRun: 'true' } as const
      const answer = await call(server, 'post', '/v1/platforms/{platform}/wake', { platform }, { query })
      if (!('machines' in answer)) throw new Error('a task was answered where a plan was asked for')
      return answer
    },
    retryPlatform: (platform: string) => call(server, 'post', '/v1/platforms/{platform}/retry', { platform }),
    async runOperation(platform: string, body: BodyOf<'post', typeof operationsOf>): Promise<Task> {
      const answer = await call(server, 'post', operationsOf, { platform }, { body })
      if ('mode' in answer) throw new Error('a plan was answered that was not asked for')
      return answer
    },
    async previewOperation(platform: string, body: BodyOf<'post', typeof operationsOf>) {
      const answer = await call(server, 'post', operationsOf, { platform }, { body, query: { dryRun: 'true' } })
      if (!('mode' in answer)) throw new Error('a plan was asked for and not answered')
      return answer
    },
    explain: (platform: string) => call(server, 'get', '/v1/platforms/{platform}/explain', { platform }),
    platformHistory: async (platform: string) =>
      (await call(server, 'get', '/v1/platforms/{platform}/history', { platform })).items,
    logs: async (platform: string, query: QueryOf<'get', '/v1/platforms/{platform}/logs'>) =>
      (await call(server, 'get', '/v1/platforms/{platform}/logs', { platform }, { query })).items,
    output: (platform: string, output: string) =>
      call(server, 'get', '/v1/platforms/{platform}/outputs/{output}', { platform, output }),

    machines: (query?: QueryOf<'get', '/v1/machines'>) => all(server, '/v1/machines', {}, query),
    machine: (machine: string) => call(server, 'get', '/v1/machines/{machine}', { machine }),
    machineSsh: (machine: string) => call(server, 'get', '/v1/machines/{machine}/ssh', { machine }),
    machineHistory: async (machine: string) =>
      (await call(server, 'get', '/v1/machines/{machine}/history', { machine })).items,

    /** The response, unread: JSON lines. */
    taskJournal: (task: string) =>
      send(server, { verb: 'get', path: fill('/v1/tasks/{task}/journal', { task }), headers: { accept: '*/*' } }),
    tasks: (query?: QueryOf<'get', '/v1/tasks'>) => all(server, '/v1/tasks', {}, query),
    task: (task: string) => call(server, 'get', '/v1/tasks/{task}', { task }),
    cancelTask: (task: string) => call(server, 'post', '/v1/tasks/{task}/cancel', { task }),
    retryTask: (task: string) => call(server, 'post', '/v1/tasks/{task}/retry', { task }),
    taskOutput: (task: string, output: string) =>
      call(server, 'get', '/v1/tasks/{task}/outputs/{output}', { task, output }),
    receipts: () => all(server, '/v1/receipts', {}),
    receipt: (receipt: string) => call(server, 'get', '/v1/receipts/{receipt}', { receipt }),
    events: (query: QueryOf<'get', '/v1/events'>) => call(server, 'get', '/v1/events', {}, { query }),
  }
}
