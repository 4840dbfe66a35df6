import { endMaintenance, startMaintenance } from '../../care/index.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import type { PlatformId, ProviderId } from '../../kernel/ids.ts'
import type { Db } from '../../store/index.ts'
import { endpoint, installation } from '../endpoint.ts'
import { missing } from '../missing.ts'
import { latestMaintenance, planMaintenance, showMaintenance } from './maintenance.ts'
import { Maintenance, MaintenancePreview, MaintenanceStart } from './schemas.ts'

const params = z.object({ provider: id('provider'), host: z.string().min(1).max(255) })
const path = '/v1/providers/{provider}/hosts/{host}/maintenance'
const about = installation
const tag = 'hosts'

export const maintenanceEndpoints = [
  endpoint({
    method: 'post',
    path,
    operationId: 'startMaintenance',
    summary: 'Put a host in maintenance',
    description:
      'Nothing new is placed there from now on, and our machines are replaced elsewhere, within the rules of their platforms: what is on the disks of a machine alone goes with it, as in any repair. With a `deadline` the platforms that have a maintenance window are moved in it until then. A host that is in maintenance already stays so, by the deadline that is named now. `dryRun=true` answers with who would go where, and who cannot. A zone that does not show its hosts is named as a host is.',
    tag,
    permission: 'provider.write',
    about,
    params,
    query: z.strictObject({
      dryRun: z.enum(['true', 'false']).default('false').openapi({ description: 'Nothing is changed.' }),
    }),
    body: MaintenanceStart,
    answers: {
      200: {
        description: 'The maintenance, with what is to be moved; with `dryRun=true` who would go where.',
        schema: z.union([Maintenance, MaintenancePreview]),
      },
    },
    problems: [],
    async handle(rooms, call) {
      const { provider, host } = call.params
      if (call.query.dryRun === 'true') {
        await requireProvider(rooms.store.read, provider)
        return ok(await planMaintenance(rooms, call.scope, { provider, host }))
      }
      let woken: readonly PlatformId[] = []
      const reply = await call.commit(async (tx) => {
        await requireProvider(tx, provider)
        const { reason, deadline } = call.body
        const deadlineAt = deadline === null ? null : Date.parse(deadline)
        const because = { actor: call.scope.actor, reason, deadlineAt }
        const { maintenance, due } = await startMaintenance(tx, rooms.seams, { provider, host }, because)
        woken = due
        return ok(await showMaintenance(tx, call.scope, maintenance, rooms.seams.clock.now()))
      })
      for (const platform of woken) rooms.wake(platform)
      return reply
    },
  }),
  endpoint({
    method: 'get',
    path,
    operationId: 'getMaintenance',
    summary: 'Show the maintenance of a host, and what is left there',
    description: 'The one that lasts, or the last one.',
    tag,
    permission: 'provider.read',
    about,
    params,
    answers: { 200: { description: 'The maintenance.', schema: Maintenance } },
    problems: [],
    async handle({ store, seams }, { scope, params: { provider, host } }) {
      await requireProvider(store.read, provider)
      const row = await latestMaintenance(store.read, scope, provider, host)
      return ok(await showMaintenance(store.read, scope, row, seams.clock.now()))
    },
  }),
  endpoint({
    method: 'delete',
    path,
    operationId: 'endMaintenance',
    summary: 'End the maintenance of a host',
    description: 'It takes machines again. Whoever is on the way elsewhere goes on; the others stay.',
    tag,
    permission: 'provider.write',
    about,
    params,
    answers: { 200: { description: 'The maintenance that ended.', schema: Maintenance } },
    problems: ['wrong_state'],
    async handle(rooms, call) {
      const { provider, host } = call.params
      let woken: readonly PlatformId[] = []
      const reply = await call.commit(async (tx) => {
        await requireProvider(tx, provider)
        const { maintenance, due } = await endMaintenance(tx, rooms.seams, { provider, host }, call.scope.actor)
        woken = due
        return ok(await showMaintenance(tx, call.scope, maintenance, rooms.seams.clock.now()))
      })
      for (const platform of woken) rooms.wake(platform)
      return reply
    },
  }),
]

async function requireProvider(db: Db, provider: ProviderId): Promise<void> {
  const row = await db
    .selectFrom('providers')
    .select('id')
    .where('id', '=', provider)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (!row) missing('provider', provider)
}
