// What a platform was asked to be, and the ways between those wishes.

import { requireMatch } from '../../http/etag.ts'
import { ok } from '../../http/reply.ts'
import { z } from '../../http/schema.ts'
import { endpoint, type GantryKit } from '../endpoint.ts'
import type { Rooms } from '../rooms.ts'
import { Task } from '../tasks/index.ts'
import { change } from './change.ts'
import { PlatformDifference, platformParams as params, RevisionList, Rollback } from './change-schemas.ts'
import { differenceView, revisionView } from './change-view.ts'
import { type ChangeWish, decideChange, requestChange, revisionsOf } from './changing.ts'
import { explainRefusal } from './refusal.ts'
import { getPlatform } from './store.ts'

const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const
const dryRun = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .openapi({ description: 'Show the difference only; nothing is changed.' }),
})
const answers = {
  200: { description: 'With `dryRun=true`: what would be done.', schema: PlatformDifference },
  202: {
    description: 'It is written down; the task follows it.',
    schema: Task,
    headers: ['Location', 'Preference-Applied'],
  },
} as const
const problems = [
  'wrong_state',
  'invalid_parameter',
  'quota_exceeded',
  'no_capacity',
  'report_only',
  'provider_unreachable',
  'provider_denied',
] as const

type Asking = Parameters<typeof change>[1] & {
  readonly params: { readonly platform: z.output<typeof params>['platform'] }
  readonly query: { readonly dryRun: 'true' | 'false' }
  readonly ifMatch: Parameters<typeof requireMatch>[0]
}

/** As `asked` does, with refusals that tell who has what is missing. */
async function explained(rooms: Rooms, call: Asking, wish: ChangeWish) {
  const { project_id } = await getPlatform(rooms.store.read, call.scope, call.params.platform)
  try {
    return await asked(rooms, call, wish)
  } catch (error) {
    throw await explainRefusal(rooms.store.read, project_id, error, 'Nothing was changed.')
  }
}

async function asked(rooms: Rooms, call: Asking, wish: ChangeWish) {
  if (call.query.dryRun === 'true') {
    const row = await getPlatform(rooms.store.read, call.scope, call.params.platform)
    requireMatch(call.ifMatch, row.version)
    return ok(await differenceView(rooms, await decideChange(rooms, rooms.store.read, call.scope, row, wish)))
  }
  return change(rooms, call, async (tx: GantryKit['Tx']) => {
    const row = await getPlatform(tx, call.scope, call.params.platform)
    requireMatch(call.ifMatch, row.version)
    const task = await requestChange(rooms, tx, call.scope, row, wish)
    if (task === null) throw new Error('only a change of parameters can ask for nothing')
    return { platform: row.id, task }
  })
}

export const platformRolloutEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/revisions',
    operationId: 'listRevisions',
    summary: 'What the platform was asked to be, the newest first',
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'Every wish there was.', schema: RevisionList } },
    problems: [],
    async handle(rooms, { scope, params: { platform } }) {
      const db = rooms.store.read
      const row = await getPlatform(db, scope, platform)
      const rows = await revisionsOf(db, row)
      const items = await Promise.all(
        rows.map(async (one) => {
          const { document } = await rooms.blueprints(db, one.blueprint_digest)
          return revisionView({ ...one, name: document.name, version: document.version }, row.generation)
        }),
      )
      return ok({ items })
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/rollback',
    operationId: 'rollbackPlatform',
    summary: 'Take the way back to an earlier revision',
    description:
      'By the same rollout as any change, as a revision of its own; it may come in the middle of the change it takes back.',
    tag: 'platforms',
    permission: 'platform.write',
    about,
    params,
    query: dryRun,
    body: Rollback,
    matches: true,
    waits: true,
    answers,
    problems,
    handle: (rooms, call) => explained(rooms, call, { kind: 'rollback', revision: call.body.revision }),
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/renew',
    operationId: 'renewPlatform',
    summary: 'Replace every machine, wave after wave',
    description: 'Nothing of what it is to be changes; each machine is made anew from the image as it is today.',
    tag: 'platforms',
    permission: 'platform.write',
    about,
    params,
    query: dryRun,
    matches: true,
    waits: true,
    answers,
    problems,
    handle: (rooms, call) => explained(rooms, call, { kind: 'renew' }),
  }),
]
