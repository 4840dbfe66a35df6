import { etag, requireMatch } from '../../http/etag.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { platformStates } from '../../kernel/states.ts'
import { endpoint, type GantryKit, installation } from '../endpoint.ts'
import { listQuery, pageOfRows } from '../listing.ts'
import type { Rooms } from '../rooms.ts'
import { Task } from '../tasks/index.ts'
import { admitPlatform, explainRefusal, quotePlatform } from './admission.ts'
import { change, changeOrNot } from './change.ts'
import { PlatformDifference, PlatformPatch } from './change-schemas.ts'
import { differenceView } from './change-view.ts'
import { decideChange, requestChange } from './changing.ts'
import { removePlatform } from './removal.ts'
import { Platform, PlatformCreate, PlatformList, PlatformPreview } from './schemas.ts'
import { changePlatform, getPlatform, listPlatforms, type PlatformFilter } from './store.ts'
import { platformView, summaries } from './view.ts'

const params = z.object({ platform: id('platform') })
const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const
const inProject = z.object({ project: id('project') })
const aboutProject = ({ project }: z.output<typeof inProject>) => ({ kind: 'project', id: project }) as const
const filters = {
  ...listQuery,
  state: z.enum(platformStates).optional().openapi({ description: 'Deleted ones are listed only when asked for.' }),
  blueprint: z.string().max(63).optional().openapi({ description: 'Name of a blueprint.' }),
}

export const platformEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/projects/{project}/platforms',
    operationId: 'createPlatform',
    summary: 'Ask for a platform',
    description:
      'The whole platform is admitted against quota and capacity, or refused with reasons and nothing changed. `dryRun=true` answers with the plan, its quote, and why each machine would land where it does.',
    tag: 'platforms',
    permission: 'platform.create',
    about: aboutProject,
    params: inProject,
    query: z.strictObject({
      dryRun: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ description: 'Plan and quote only; nothing is changed.' }),
    }),
    body: PlatformCreate,
    waits: true,
    answers: {
      200: { description: 'With `dryRun=true`: what would be done.', schema: PlatformPreview },
      202: {
        description: 'It is written down; the task follows it.',
        schema: Task,
        headers: ['Location', 'Preference-Applied'],
      },
    },
    problems: [
      'name_taken',
      'unknown_parameter',
      'invalid_parameter',
      'quota_exceeded',
      'no_capacity',
      'report_only',
      'provider_unreachable',
      'provider_denied',
    ],
    async handle(rooms, call) {
      const { project } = call.params
      try {
        if (call.query.dryRun === 'true') return ok(await quotePlatform(rooms, call.scope, project, call.body))
        return await change(rooms, call, async (tx) => admitPlatform(rooms, tx, call.scope, project, call.body))
      } catch (error) {
        throw await explainRefusal(rooms.store.read, project, error)
      }
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms',
    operationId: 'listPlatforms',
    summary: 'List platforms',
    tag: 'platforms',
    permission: 'platform.read',
    about: installation,
    query: z.strictObject({ ...filters, tenant: id('tenant').optional(), project: id('project').optional() }),
    answers: { 200: { description: 'A page of platforms.', schema: PlatformList } },
    problems: [],
    handle: (rooms, { scope, query }) => listed(rooms, scope, query),
  }),
  endpoint({
    method: 'get',
    path: '/v1/projects/{project}/platforms',
    operationId: 'listProjectPlatforms',
    summary: 'List the platforms of a project',
    tag: 'platforms',
    permission: 'platform.read',
    about: aboutProject,
    params: inProject,
    query: z.strictObject(filters),
    answers: { 200: { description: 'A page of platforms.', schema: PlatformList } },
    problems: [],
    handle: (rooms, { scope, query, params: { project } }) => listed(rooms, scope, { ...query, project }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}',
    operationId: 'getPlatform',
    summary: 'Show a platform',
    description: 'Also after it is deleted.',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'The platform.', schema: Platform, headers: ['ETag'] } },
    problems: [],
    async handle(rooms, { scope, params: { platform } }) {
      const { view, version } = await platformView(rooms, rooms.store.read, scope, platform)
      return ok(view, { etag: etag(version) })
    },
  }),
  endpoint({
    method: 'patch',
    path: '/v1/platforms/{platform}',
    operationId: 'updatePlatform',
    summary: 'Change a platform',
    description:
      'Its name, labels and protection at once (200); its parameters, the sizes, flavors and images of its groups, and the version of its blueprint by a task (202): whoever is too many drains and leaves, who is new joins, the others are changed wave after wave. It may come while another change is under way and takes its place. `dryRun=true` answers with the difference: who stays, changes, is replaced, removed or added, in which order, and why.',
    tag: 'platforms',
    permission: 'platform.write',
    about,
    params,
    query: z.strictObject({
      dryRun: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ description: 'Show the difference only; nothing is changed.' }),
    }),
    body: PlatformPatch,
    matches: true,
    waits: true,
    answers: {
      200: {
        description: 'The platform, where no work was needed; with `dryRun=true` the difference.',
        schema: z.union([Platform, PlatformDifference]),
        headers: ['ETag'],
      },
      202: {
        description: 'It is written down; the task follows it.',
        schema: Task,
        headers: ['Location', 'Preference-Applied'],
      },
    },
    problems: [
      'name_taken',
      'wrong_state',
      'unknown_parameter',
      'invalid_parameter',
      'quota_exceeded',
      'no_capacity',
      'report_only',
      'provider_unreachable',
      'provider_denied',
    ],
    async handle(rooms, call) {
      const { blueprint, parameters, groups, ...facts } = call.body
      const wish = { kind: 'change', blueprint, parameters, groups } as const
      const works = blueprint !== undefined || parameters !== undefined || groups !== undefined
      const row = await getPlatform(rooms.store.read, call.scope, call.params.platform)
      try {
        if (call.query.dryRun === 'true') {
          requireMatch(call.ifMatch, row.version)
          const decided = await decideChange(rooms, rooms.store.read, call.scope, row, wish)
          return ok(await differenceView(rooms, decided), { etag: etag(row.version) })
        }
        return await changeOrNot(rooms, call, async (tx) => {
          const now = await getPlatform(tx, call.scope, row.id)
          requireMatch(call.ifMatch, now.version)
          if (Object.keys(facts).length > 0 || !works) await changePlatform(tx, call.scope, rooms.seams, now, facts)
          const task = works ? await requestChange(rooms, tx, call.scope, now, wish) : null
          if (task !== null) return { platform: now.id, task }
          const { view, version } = await platformView(rooms, tx, call.scope, now.id)
          return ok(view, { etag: etag(version) })
        })
      } catch (error) {
        throw await explainRefusal(rooms.store.read, row.project_id, error, 'Nothing was changed.')
      }
    },
  }),
  endpoint({
    method: 'delete',
    path: '/v1/platforms/{platform}',
    operationId: 'deletePlatform',
    summary: 'Delete a platform',
    description:
      'From every state. The task ends when every object is observed gone, with a receipt. Deleting again answers the same task.',
    tag: 'platforms',
    permission: 'platform.delete',
    about,
    params,
    matches: true,
    waits: true,
    answers: {
      202: {
        description: 'It is being deleted; the task follows it.',
        schema: Task,
        headers: ['Location', 'Preference-Applied'],
      },
    },
    problems: ['protected'],
    handle: (rooms, call) =>
      change(rooms, call, async (tx) => {
        const row = await getPlatform(tx, call.scope, call.params.platform)
        requireMatch(call.ifMatch, row.version)
        return { platform: row.id, task: await removePlatform(rooms, tx, call.scope, row) }
      }),
  }),
]

async function listed(rooms: Rooms, scope: GantryKit['Scope'], filter: PlatformFilter) {
  const rows = await listPlatforms(rooms.store.read, scope, filter)
  const { items, next } = pageOfRows(rows, filter, (row) => row)
  return ok({ items: await summaries(rooms, rooms.store.read, items), next })
}
