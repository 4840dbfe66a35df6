// Pausing, hibernating and waking.

import { stoppingOrder } from '../../engine/index.ts'
import { etag, requireMatch } from '../../http/etag.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint } from '../endpoint.ts'
import { Task } from '../tasks/index.ts'
import { change } from './change.ts'
import { hibernate, pause, planHibernation, wake } from './rest.ts'
import { HibernationPreview, Platform, WakePreview } from './schemas.ts'
import { getPlatform } from './store.ts'
import { platformView } from './view.ts'
import { planWaking } from './wake-preview.ts'

const params = z.object({ platform: id('platform') })
const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const
const dryRun = z.strictObject({
  dryRun: z.enum(['true', 'false']).default('false').openapi({ description: 'Nothing is changed.' }),
})

export const platformRestEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/pause',
    operationId: 'pausePlatform',
    summary: 'Leave a platform alone',
    description:
      'Nothing is begun on it until it is resumed: no step, no repair, no change. What is under way ends by itself; what is lost or differs is still reported as a problem; tasks wait.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    matches: true,
    answers: { 200: { description: 'The platform.', schema: Platform, headers: ['ETag'] } },
    problems: ['wrong_state'],
    async handle(rooms, call) {
      const answer = await call.commit(async (tx) => {
        const row = await getPlatform(tx, call.scope, call.params.platform)
        requireMatch(call.ifMatch, row.version)
        await pause(rooms, tx, call.scope, row)
        const { view, version } = await platformView(rooms, tx, call.scope, row.id)
        return ok(view, { etag: etag(version) })
      })
      rooms.wake(call.params.platform)
      return answer
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/hibernate',
    operationId: 'hibernatePlatform',
    summary: 'Stop the machines of a platform',
    description:
      'Its machines, addresses and quota are kept; who votes is stopped last. It is refused where a provider of its machines cannot stop them. `dryRun=true` answers with the machines in the order in which they would be stopped.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    query: dryRun,
    matches: true,
    waits: true,
    answers: {
      200: { description: 'With `dryRun=true`: what would be done.', schema: HibernationPreview },
      202: {
        description: 'Its machines are being stopped; the task follows it.',
        schema: Task,
        headers: ['Location', 'Preference-Applied'],
      },
    },
    problems: ['wrong_state', 'power_not_supported'],
    async handle(rooms, call) {
      if (call.query.dryRun === 'true') {
        const row = await getPlatform(rooms.store.read, call.scope, call.params.platform)
        const view = await planHibernation(rooms, rooms.store.read, row)
        return ok({ machines: view ? stoppingOrder(view) : [] })
      }
      return change(rooms, call, async (tx) => {
        const row = await getPlatform(tx, call.scope, call.params.platform)
        requireMatch(call.ifMatch, row.version)
        return { platform: row.id, task: await hibernate(rooms, tx, call.scope, row) }
      })
    },
  }),
  endpoint({
    method: 'post',
    path: '/v1/platforms/{platform}/wake',
    operationId: 'wakePlatform',
    summary: 'Start the machines of a hibernated platform',
    description:
      'Who votes is started first. It is ready once every machine has proved itself and its health check has passed; what depends on an address that changed is done again. `dryRun=true` answers with what would start, who would be made anew, and what is in the way.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    query: dryRun,
    matches: true,
    waits: true,
    answers: {
      200: { description: 'With `dryRun=true`: what would be done.', schema: WakePreview },
      202: {
        description: 'Its machines are being started; the task follows it.',
        schema: Task,
        headers: ['Location', 'Preference-Applied'],
      },
    },
    problems: ['wrong_state'],
    async handle(rooms, call) {
      if (call.query.dryRun === 'true') {
        const row = await getPlatform(rooms.store.read, call.scope, call.params.platform)
        return ok(await planWaking(rooms, rooms.store.read, row))
      }
      return change(rooms, call, async (tx) => {
        const row = await getPlatform(tx, call.scope, call.params.platform)
        requireMatch(call.ifMatch, row.version)
        return { platform: row.id, task: await wake(rooms, tx, call.scope, row) }
      })
    },
  }),
]
