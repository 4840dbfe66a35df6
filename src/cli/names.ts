// People know things by name, the API by id: here one becomes the other. A name that fits several things is never
// guessed at; the answer lists them.

import { isId } from '../kernel/ids.ts'
import type { Api } from './client/api.ts'
import { ApiProblem } from './client/api-problem.ts'
import type { Machine, Platform, Project, Provider, Tenant, Ticket } from './client/types.ts'
import type { Settings } from './settings.ts'
import { UsageError } from './usage.ts'

type Named = { readonly id: string; readonly name: string }

export function namesOf(api: Api, settings: Pick<Settings, 'tenant' | 'project'>) {
  async function tenant(text = settings.tenant): Promise<Tenant> {
    if (text !== undefined && isId('tenant', text)) return api.tenant(text)
    const found = await api.tenants(text === undefined ? {} : { name: text })
    return one('tenant', text, found)
  }

  /** `shop`, `acme/shop` or an id; without a name the context's, or the only one. */
  async function project(text = settings.project): Promise<Project> {
    if (text !== undefined && isId('project', text)) return api.project(text)
    const [name, owner] = (text ?? '').split('/').reverse()
    const inTenant = owner || settings.tenant !== undefined ? { tenant: (await tenant(owner)).id } : {}
    return one('project', name || undefined, await api.projects({ ...inTenant, ...(name ? { name } : {}) }))
  }

  /** `team-a`, `shop/team-a` or an id. */
  async function platform(text: string): Promise<Platform> {
    return api.platform(await platformId(text))
  }

  async function platformId(text: string): Promise<string> {
    if (isId('platform', text)) return text
    const query = await platformQuery(text)
    const living = await api.platforms(query)
    if (living.length === 0) await sayDeleted(query)
    return one('platform', query.name, living).id
  }

  /** Throws not_found for a name that only platforms of the past have, with what can still be seen of the last. */
  async function sayDeleted(query: { name: string; project?: string }): Promise<void> {
    const [last] = await api.platforms({ ...query, state: 'deleted', sort: '-createdAt' })
    if (!last) return
    throw new ApiProblem({
      code: 'not_found',
      status: 404,
      detail: `${last.name} was deleted${last.deletedAt ? ` at ${last.deletedAt}` : ''}.`,
      next: `gantry history ${last.name}      gantry platform show ${last.id}`,
    })
  }

  async function platformQuery(text: string): Promise<{ name: string; project?: string }> {
    const [name = '', owner] = text.split('/').reverse()
    if (owner === undefined && settings.project === undefined) return { name }
    return { name, project: (await project(owner)).id }
  }

  /** The same, or the last one of that name that is gone: a history does not end with its platform. */
  async function pastPlatformId(text: string): Promise<string> {
    if (isId('platform', text)) return text
    const query = await platformQuery(text)
    const living = await api.platforms(query)
    if (living.length > 0) return one('platform', query.name, living).id
    const gone = await api.platforms({ ...query, state: 'deleted', sort: '-createdAt' })
    return one('platform', query.name, gone.slice(0, 1)).id
  }

  /** `team-a/manager-0`, `shop/team-a/manager-0` or an id: the machine that now lives in that slot. */
  async function machine(text: string): Promise<Machine> {
    if (isId('machine', text)) return api.machine(text)
    const at = text.lastIndexOf('/')
    if (at <= 0) {
      throw new UsageError(`${text} is no machine: write platform/member, e.g. team-a/manager-0.`, {
        next: 'gantry machine list',
      })
    }
    const member = text.slice(at + 1)
    const found = await platform(text.slice(0, at))
    const machines = found.groups.flatMap((group) => group.members)
    const living = machines.filter(({ name }) => name === member).sort((a, b) => b.incarnation - a.incarnation)[0]
    if (living) return api.machine(living.machine)
    throw missing('machine', member, `${found.name} has ${machines.map(({ name }) => name).join(', ') || 'none'}`)
  }

  return {
    tenant,
    project,
    platform,
    platformId,
    pastPlatformId,
    machine,
    /** The id of a task; throws UsageError for what is none. */
    task: (text: string) => idOf('task', text),
    /** The id of a receipt; throws UsageError for what is none. */
    receipt: (text: string) => idOf('receipt', text),
    /** Of the given tenant (an id), else of the tenant in use. */
    async ticket(text: string, owner?: string): Promise<Ticket> {
      if (isId('ticket', text)) return api.ticket(text)
      return one('ticket', text, await api.tickets(owner ?? (await tenant()).id, { name: text }))
    },
    async provider(text: string): Promise<Provider> {
      if (isId('provider', text)) return api.provider(text)
      return api.provider(one('provider', text, await api.providers({ name: text })).id)
    },
  }
}

/** Tasks and receipts have no names. */
function idOf(kind: 'task' | 'receipt', text: string): string {
  if (isId(kind, text)) return text
  throw new UsageError(`${text} is no id of a ${kind}.`, { next: `gantry ${kind} list` })
}

/** The only one; throws `not_found`, or UsageError when there are several. */
function one<T extends Named>(kind: string, name: string | undefined, found: readonly T[]): T {
  const [first, second] = found
  if (first === undefined) throw missing(kind, name)
  if (second === undefined) return first
  const list = found.map((item) => `  ${item.id}  ${item.name}`).join('\n')
  const which =
    name === undefined ? `There are ${found.length} ${kind}s` : `${found.length} ${kind}s are called ${name}`
  const flag = kind === 'tenant' || kind === 'project' ? `--${kind}` : 'its id'
  throw new UsageError(`${which}: say which by ${flag}.\n${list}`)
}

function missing(kind: string, name: string | undefined, there?: string): ApiProblem {
  const detail =
    name === undefined ? `There is no ${kind} yet.` : `No ${kind} is called ${name}${there ? `; ${there}` : ''}.`
  const made = kind === 'provider' ? 'add' : 'create'
  const next = name === undefined ? `gantry ${kind} ${made} <name>` : `gantry ${kind} list`
  return new ApiProblem({ code: 'not_found', status: 404, detail, next })
}
