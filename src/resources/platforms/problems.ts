// Problems of a platform, and what a person decides about them; and letting go of what nobody can prove gone.

import type { Scope } from '../../access/index.ts'
import {
  type Forgetting,
  forgetMachine,
  forgetMachines,
  ignoreNoMore,
  type LeftBehind,
  resolveByPerson,
} from '../../care/index.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Tx } from '../../store/index.ts'
import { endpoint } from '../endpoint.ts'
import type { Rooms } from '../rooms.ts'
import { tryAgain } from './going-on.ts'
import { NamedProblem } from './schemas.ts'
import { getPlatform } from './store.ts'
import { namedProblems } from './view.ts'

const params = z.object({ platform: id('platform') })
const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const

const NamedProblemList = z.object({ items: z.array(NamedProblem) }).openapi('NamedProblemList')

const Resolve = z
  .strictObject({
    resolution: z
      .enum(['ignore', 'reboot', 'recreate', 'retry', 'restore', 'refound'])
      .openapi({ description: 'One of those that the problem names. What else it names is a request of its own.' }),
  })
  .openapi('ProblemResolve')

const Forget = z.strictObject({ reason: z.string().trim().min(1).max(500) }).openapi('PlatformForget')

const Forgotten = z
  .object({
    platform: id('platform'),
    reason: z.string(),
    left: z
      .array(
        z.object({
          machine: id('machine'),
          member: z.string(),
          provider: id('provider'),
          resourceKey: z.string(),
          nativeRef: z.string().nullable(),
        }),
      )
      .openapi({ description: 'What may still be there: a create was sent for it, and nobody saw it gone.' }),
  })
  .openapi('PlatformForgotten')

export const platformProblemEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/problems',
    operationId: 'listPlatformProblems',
    summary: 'What is wrong with a platform, and what a person may choose',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    query: z.strictObject({
      all: z.enum(['true', 'false']).default('false').openapi({ description: 'Also those that are resolved.' }),
    }),
    answers: { 200: { description: 'Oldest first.', schema: NamedProblemList } },
    problems: [],
    async handle(rooms, { scope, params: { platform }, query }) {
      await getPlatform(rooms.store.read, scope, platform)
      let rows = rooms.store.read
        .selectFrom('problems')
        .selectAll()
        .where('platform_id', '=', platform)
        .orderBy('since')
      if (query.all === 'false') rows = rows.where('resolved_at', 'is', null)
      return ok({ items: await namedProblems(rooms.store.read, await rows.execute()) })
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/problems/{problem}/resolve',
    operationId: 'resolvePlatformProblem',
    summary: 'Decide what becomes of a problem',
    description:
      '`ignore`: it is told no more, and its machine is not made anew by itself, until it was well again; as long as it lasts another resolution may be chosen. `reboot`: the machine is started anew, whether it hangs or is off; refused where its provider cannot. `recreate`: the machine is made anew now. `retry`: what stands still is tried, and the guards that held it back count anew. `restore`: the machines of those of a lost quorum that do not answer are started again, with all that they know. `refound`: what a group that lost its quorum knew is given up; a member that answers founds it anew, and all its other voters are replaced one at a time.',
    tag: 'platforms',
    permission: 'platform.operate',
    about: ({ platform }) => ({ kind: 'platform', id: platform }) as const,
    params: z.object({ platform: id('platform'), problem: z.string().max(80) }),
    body: Resolve,
    answers: { 200: { description: 'The problem as it is now.', schema: NamedProblem } },
    problems: ['wrong_state', 'power_not_supported'],
    async handle(rooms, { scope, params: { platform, problem }, body }) {
      const answer = await rooms.store.write((tx) => resolveNamed(rooms, tx, scope, platform, problem, body.resolution))
      rooms.wake(platform)
      return ok(answer)
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/problems/{problem}/forget',
    operationId: 'forgetPlatformMachine',
    summary: 'Let go of a machine whose end nobody can prove',
    description:
      'Of a problem that names `forget`: a machine that is to go, when its provider, its credentials or the right to remove it are away for good. Its quota and capacity are freed, the receipt says `forgotten`, and the answer and the event list what may still be there. What a scan ever sees of it again is removed. Everything else of the platform stays.',
    tag: 'platforms',
    permission: 'platform.forget',
    about: ({ platform }) => ({ kind: 'platform', id: platform }) as const,
    params: z.object({ platform: id('platform'), problem: z.string().max(80) }),
    body: Forget,
    answers: { 200: { description: 'What may be left.', schema: Forgotten } },
    problems: ['wrong_state'],
    async handle(rooms, { scope, params: { platform, problem }, body }) {
      const left = await rooms.store.write(async (tx) => {
        const { place, found } = await toResolve(tx, scope, platform, problem, 'forget')
        if (found.machine_id === null) throw new Error(`problem ${problem} of a machine names none`)
        const because = { actor: scope.actor, reason: body.reason }
        return destroyed(rooms, tx, await forgetMachine(tx, rooms.forming, place, found.machine_id, because))
      })
      rooms.wake(platform)
      return ok({ platform, reason: body.reason, left: [...left] })
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/forget',
    operationId: 'forgetPlatform',
    summary: 'Let go of a platform whose end nobody can prove',
    description:
      'Of one that is being deleted, when its provider or its credentials are gone for good. Quota and capacity are freed, the receipt says `forgotten`, and the answer and the event list what may still be there. What a scan ever sees of it again is removed.',
    tag: 'platforms',
    permission: 'platform.forget',
    about,
    params,
    body: Forget,
    answers: { 200: { description: 'What may be left.', schema: Forgotten } },
    problems: ['wrong_state'],
    async handle(rooms, { scope, params: { platform }, body }) {
      const left = await rooms.store.write((tx) => forgetPlatform(rooms, tx, scope, platform, body.reason))
      rooms.wake(platform)
      return ok({ platform, reason: body.reason, left: [...left] })
    },
  }),
]

/** Throws not_found for a problem it does not have, wrong_state for a resolution that the problem does not name. */
export async function resolveNamed(
  rooms: Pick<Rooms, 'seams'>,
  tx: Tx,
  scope: Scope,
  platform: PlatformId,
  problem: string,
  resolution: z.output<typeof Resolve>['resolution'],
) {
  const { row, place, found, known } = await toResolve(tx, scope, platform, problem, resolution)
  await ignoreNoMore(tx, rooms.seams, place, found, scope.actor)
  if (resolution === 'retry') await tryAgain(rooms, tx, scope, row)
  else await resolveByPerson(tx, rooms.seams, place, found, resolution, scope.actor)
  const after = await findProblem(tx, platform, problem)
  const [now] = after ? await namedProblems(tx, [after]) : []
  return now ?? known
}

/** The problem, open or ignored, that names this resolution. Throws not_found and wrong_state. */
async function toResolve(tx: Tx, scope: Scope, platform: PlatformId, problem: string, resolution: string) {
  const row = await getPlatform(tx, scope, platform)
  const found = await findProblem(tx, platform, problem)
  const [known] = found ? await namedProblems(tx, [found]) : []
  if (found === undefined || known === undefined)
    throw new ProblemError({
      code: 'not_found',
      detail: `Platform ${row.name} has no problem ${problem}.`,
      next: `List them:  gantry platform problems ${row.name}`,
    })
  // Who ignores a problem still has it, and may change his mind.
  const over = known.resolvedAt !== null && (known.resolution !== 'ignore' || resolution === 'ignore')
  if (over || !known.resolutions.includes(resolution))
    throw new ProblemError({
      code: 'wrong_state',
      detail: over
        ? `${known.code} of ${known.subject} is resolved already: ${known.resolution}.`
        : `${known.code} of ${known.subject} is not resolved by ${resolution}.`,
      facts: { problem, resolutions: known.resolutions },
      next: over ? `gantry explain ${row.name}` : `Choose one of ${known.resolutions.join(', ')}.`,
    })
  return { row, found, known, place: { id: row.id, tenantId: row.tenant_id, projectId: row.project_id } }
}

function findProblem(tx: Tx, platform: PlatformId, problem: string) {
  return tx
    .selectFrom('problems')
    .selectAll()
    .where('id', '=', problem)
    .where('platform_id', '=', platform)
    .executeTakeFirst()
}

/** Secrets of nobody any more go with what is forgotten; answers what may be left. */
async function destroyed(
  rooms: Pick<Rooms, 'vault'>,
  tx: Tx,
  { left, secrets }: Forgetting,
): Promise<readonly LeftBehind[]> {
  for (const secret of secrets) await rooms.vault.destroy(tx, secret)
  return left
}

/** Lets go of one that is being deleted; answers what may be left. Throws wrong_state for any other. */
export async function forgetPlatform(
  rooms: Pick<Rooms, 'forming' | 'vault'>,
  tx: Tx,
  scope: Scope,
  id: PlatformId,
  reason: string,
): Promise<readonly LeftBehind[]> {
  const row = await getPlatform(tx, scope, id)
  if (row.state !== 'deleting')
    throw new ProblemError({
      code: 'wrong_state',
      detail: `Platform ${row.name} is ${row.state}; only one that is being deleted can be forgotten.`,
      facts: { platform: row.id, state: row.state },
      next:
        row.state === 'deleted'
          ? `Its receipt:  gantry receipt show ${row.name}`
          : `Delete it first:  gantry platform delete ${row.name}`,
    })
  const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
  return destroyed(rooms, tx, await forgetMachines(tx, rooms.forming, place, { actor: scope.actor, reason }))
}
