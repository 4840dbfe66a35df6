// The requests of a journal, made again through the API.

import { z } from 'zod'
import { type Blueprint, parseBlueprint } from '../blueprints/index.ts'
import { canonicalHash } from '../kernel/canonical.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { Journal, JournalRequest } from '../kernel/journal.ts'
import { ProblemError, problemSchema } from '../kernel/problem.ts'
import type { RequestKind } from '../kernel/requests.ts'
import type { ReplayHouse } from './house.ts'

const idSchema = z.object({ id: z.string() })
const taskSchema = z.object({ id: z.string(), target: z.object({ id: z.string() }) })
const openProblem = z.object({
  id: z.string(),
  code: z.string(),
  subject: z.string(),
  resolutions: z.array(z.string()),
})
const problemsSchema = z.object({ items: z.array(openProblem) })
const limits = {
  'platform.count': 'unlimited',
  'vm.count': 'unlimited',
  'vm.cpu': 'unlimited',
  'vm.memory': 'unlimited',
  'disk.capacity': 'unlimited',
}

/** Where requests are made. */
export interface Place {
  readonly project: string
  readonly provider: string
  /** Digest -> `name@version`. */
  readonly names: ReadonlyMap<string, string>
}

/** The versions a journal brings along. Throws ProblemError 'invalid_request' where one is not what it says. */
export function blueprintsOf(journal: Journal): Blueprint[] {
  return journal.blueprints.map(({ digest, files }) => {
    const parsed = parseBlueprint(files)
    if (parsed.digest !== digest) throw unfit(`its blueprint has digest ${parsed.digest}, and not ${digest} as it says`)
    return parsed.blueprint
  })
}

/** Tenant, quota without end, the recorded provider and the blueprints. */
export async function prepare(house: ReplayHouse, journal: Journal): Promise<Place> {
  const made = async (path: string, body: unknown) => {
    const answer = await house.call('POST', path, body)
    if (answer.status >= 300) throw unfit(`POST ${path} answered ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const tenant = idSchema.parse(await made('/v1/tenants', { name: 'replay' })).id
  const ticket = idSchema.parse(await made(`/v1/tenants/${tenant}/tickets`, { name: 'replay', limits })).id
  const shares = [{ ticket, limits }]
  const project = idSchema.parse(await made(`/v1/tenants/${tenant}/projects`, { name: 'replay', shares })).id
  const images = Object.fromEntries(journal.house.images.map((name) => [name, { ref: name, user: 'root' }]))
  const wish = { name: 'replay', kind: 'replay', config: {}, images }
  const provider = idSchema.parse(await made('/v1/providers', wish)).id
  const names = new Map<string, string>()
  for (const { digest, files } of journal.blueprints) {
    const { name, version } = parseBlueprint(files).blueprint.document
    await made('/v1/blueprints', { files })
    names.set(digest, `${name}@${version}`)
  }
  return { project, provider, names }
}

/** What came of asking: a task where one follows it. */
export type Asked =
  | { readonly kind: 'accepted'; readonly task: string | null; readonly platform: PlatformId }
  /** `why`: code and detail of the refusal. */
  | { readonly kind: 'refused'; readonly why: string }

export interface Asking {
  readonly house: ReplayHouse
  readonly place: Place
  readonly journal: Journal
  /** Those asked for so far, in their order. */
  readonly asked: readonly { readonly task: string | null }[]
  readonly platform: PlatformId | undefined
}

interface Call {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly body?: unknown
}

/** Makes one of them. */
export async function ask(asking: Asking, request: JournalRequest): Promise<Asked> {
  const call = await calls[request.kind](asking, request)
  if (typeof call === 'string') return { kind: 'refused', why: call }
  const { status, body } = await asking.house.call(call.method, call.path, call.body)
  if (status >= 300) {
    const problem = problemSchema.loose().safeParse(body).data
    return { kind: 'refused', why: problem ? `${problem.code}: ${problem.detail}` : `status ${status}` }
  }
  const task = taskSchema.safeParse(body).data
  const platform = (task?.target.id as PlatformId | undefined) ?? asking.platform
  if (platform === undefined) throw unfit(`it begins with ${request.kind}, and not with the platform's creation`)
  return { kind: 'accepted', task: request.task === null ? null : (task?.id ?? null), platform }
}

const at = ({ platform }: Asking) => `/v1/platforms/${platform}`
const post = (path: string, body?: unknown): Call => ({ method: 'POST', path, body })
const action = (name: string) => (asking: Asking) => post(`${at(asking)}/${name}`)

/** How each is made; a text says why it cannot be made yet. */
const calls: { readonly [kind in RequestKind]: (asking: Asking, request: JournalRequest) => MaybeCall } = {
  'platform.create': ({ place, journal }, { blueprint, parameters }) =>
    post(`/v1/projects/${place.project}/platforms`, {
      name: journal.head.platform.name,
      blueprint: place.names.get(blueprint ?? ''),
      parameters,
    }),
  'platform.change': (asking, { blueprint, parameters }) => ({
    method: 'PATCH',
    path: at(asking),
    body: { blueprint: asking.place.names.get(blueprint ?? ''), parameters },
  }),
  'platform.rollback': (asking, request) => {
    const revision = earlierRevision(asking.journal, request)
    return post(`${at(asking)}/rollback`, revision === undefined ? {} : { revision })
  },
  'platform.renew': action('renew'),
  'platform.operation': (asking, { operation, parameters }) =>
    post(`${at(asking)}/operations`, { operation, parameters }),
  'platform.resume': action('resume'),
  'platform.retry': action('retry'),
  'platform.hibernate': action('hibernate'),
  'platform.wake': action('wake'),
  'platform.delete': (asking) => ({ method: 'DELETE', path: at(asking) }),
  'platform.pause': action('pause'),
  'platform.forget': (asking, { about }) => post(`${at(asking)}/forget`, { reason: about.reason }),
  'task.cancel': ({ journal, asked }, { about }) => {
    const index = journal.requests.findIndex(({ task }) => task === about.task)
    const task = asked[index]?.task
    return task ? post(`/v1/tasks/${task}/cancel`) : `the journal tells nothing of task ${about.task}`
  },
  'problem.resolve': async (asking, { about }) => {
    const open = await openProblems(asking)
    const found = open.find(({ code, subject }) => code === about.code && subject === about.problem)
    if (!found) return `${about.code} of ${about.problem} is not open`
    return post(`${at(asking)}/problems/${found.id}/resolve`, { resolution: about.resolution })
  },
  'machine.forget': async (asking, { about }) => {
    const open = await openProblems(asking)
    const found = open.find(({ subject, resolutions }) => subject === about.problem && resolutions.includes('forget'))
    if (!found) return `the machine of ${about.problem} is not one to be let go of`
    return post(`${at(asking)}/problems/${found.id}/forget`, { reason: about.reason })
  },
  'host.maintenance': ({ place }, { about }) => post(maintenanceOf(place, about.host), { reason: 'as recorded' }),
  'host.maintenance-end': ({ place }, { about }) => ({ method: 'DELETE', path: maintenanceOf(place, about.host) }),
}
type MaybeCall = Call | string | Promise<Call | string>

async function openProblems(asking: Asking): Promise<z.output<typeof problemsSchema>['items']> {
  const { body } = await asking.house.call('GET', `${at(asking)}/problems`)
  return problemsSchema.parse(body).items
}

const maintenanceOf = ({ provider }: Place, host: string | undefined) =>
  `/v1/providers/${provider}/hosts/${host}/maintenance`

/** Number of the wish that it led back to: that of a replay is the same, as each wish is asked for again. */
function earlierRevision({ requests }: Journal, request: JournalRequest): number | undefined {
  const wishes = requests.filter(({ blueprint }) => blueprint !== null)
  const before = wishes.slice(0, wishes.indexOf(request))
  const same = canonicalHash(request.parameters)
  const index = before.findLastIndex(
    ({ blueprint, parameters }) => blueprint === request.blueprint && canonicalHash(parameters) === same,
  )
  return index < 0 ? undefined : index + 1
}

export function unfit(why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_request',
    detail: `The journal cannot be replayed: ${why}.`,
    next: 'Send it with the report as it is: it is still the record of what happened.',
  })
}
