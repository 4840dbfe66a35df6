// The requests of a journal, made again through the API.

import { z } from 'zod'
import { parseBlueprint } from '../blueprints/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { Journal, JournalRequest } from '../kernel/journal.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { ReplayHouse } from './house.ts'

const idSchema = z.object({ id: z.string() })
const taskSchema = z.object({ id: z.string(), target: z.object({ id: z.string() }) })
const limits = {
  'platform.count': 'unlimited',
  'vm.count': 'unlimited',
  'vm.cpu': 'unlimited',
  'vm.memory': 'unlimited',
  'disk.capacity': 'unlimited',
}

export interface Place {
  readonly project: string
  /** `name@version` */
  readonly blueprint: string
}

/** Tenant, quota without end, the recorded provider and the blueprint. */
export async function prepare(house: ReplayHouse, journal: Journal): Promise<Place> {
  const { blueprint, digest } = parseBlueprint(journal.blueprint.files)
  if (digest !== journal.blueprint.digest)
    throw refused(`its blueprint has digest ${digest}, and not ${journal.blueprint.digest} as it says`)
  const made = async (path: string, body: unknown) => {
    const answer = await house.call('POST', path, body)
    if (answer.status >= 300) throw refused(`POST ${path} answered ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const tenant = idSchema.parse(await made('/v1/tenants', { name: 'replay' })).id
  const ticket = idSchema.parse(await made(`/v1/tenants/${tenant}/tickets`, { name: 'replay', limits })).id
  const shares = [{ ticket, limits }]
  const project = idSchema.parse(await made(`/v1/tenants/${tenant}/projects`, { name: 'replay', shares })).id
  const images = Object.fromEntries(journal.house.images.map((name) => [name, { ref: name, user: 'root' }]))
  await made('/v1/providers', { name: 'replay', kind: 'replay', config: {}, images })
  await made('/v1/blueprints', { files: journal.blueprint.files })
  return { project, blueprint: `${blueprint.document.name}@${blueprint.document.version}` }
}

export interface Asked {
  readonly task: string
  readonly platform: PlatformId
}

/** Makes one of them. Throws ProblemError 'invalid_request' where it cannot be made again. */
export async function ask(
  house: ReplayHouse,
  place: Place,
  journal: Journal,
  request: JournalRequest,
  platform: PlatformId | undefined,
): Promise<Asked> {
  const call = callFor(place, journal, request, platform)
  if (!call) throw refused(`${request.kind} is a request that is not replayed yet`)
  const answer = await house.call(call.method, call.path, call.body)
  const task = taskSchema.safeParse(answer.body)
  if (!task.success) throw refused(`${request.kind} was refused: ${JSON.stringify(answer.body)}`)
  return { task: task.data.id, platform: task.data.target.id as PlatformId }
}

function callFor(
  { project, blueprint }: Place,
  journal: Journal,
  { kind, operation, parameters }: JournalRequest,
  platform: PlatformId | undefined,
): { method: string; path: string; body?: unknown } | undefined {
  const at = `/v1/platforms/${platform}`
  switch (kind) {
    case 'platform.create': {
      const body = { name: journal.head.platform.name, blueprint, parameters }
      return { method: 'POST', path: `/v1/projects/${project}/platforms`, body }
    }
    case 'platform.retry':
      return { method: 'POST', path: `${at}/retry` }
    case 'platform.operation':
      return { method: 'POST', path: `${at}/operations`, body: { operation, parameters } }
    case 'platform.change':
      return { method: 'PATCH', path: at, body: { parameters } }
    case 'platform.delete':
      return { method: 'DELETE', path: at }
    default:
      return undefined
  }
}

function refused(why: string): ProblemError {
  return new ProblemError({
    code: 'invalid_request',
    detail: `The journal cannot be replayed: ${why}.`,
    next: 'Send it with the report as it is: it is still the record of what happened.',
  })
}
