import { decodeCursor, encodeCursor, pageQuery } from '../../http/cursor.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import { endpoint, installation } from '../endpoint.ts'
import { HostList, ZoneList } from './schemas.ts'
import { listHosts, listZones } from './store.ts'

const zone = z.string().max(255).optional()

export const hostEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/hosts',
    operationId: 'listHosts',
    summary: 'List hosts with what is free on them',
    tag: 'hosts',
    permission: 'provider.read',
    about: installation,
    query: z.strictObject({ ...pageQuery, provider: id('provider').optional(), zone }),
    answers: { 200: { description: 'A page of hosts.', schema: HostList } },
    problems: [],
    async handle({ store }, { scope, query: { provider, zone, limit, cursor } }) {
      const after = decodeCursor(cursor, Position)
      const rows = await listHosts(store.read, scope, { provider, zone, after, limit: limit + 1 })
      const last = rows.length > limit ? rows[limit - 1] : undefined
      return ok({ items: rows.slice(0, limit), next: last ? encodeCursor([last.provider, last.name]) : null })
    },
  }),
  endpoint({
    method: 'get',
    path: '/v1/zones',
    operationId: 'listZones',
    summary: 'List zones with what is free in them',
    tag: 'hosts',
    permission: 'provider.read',
    about: installation,
    query: z.strictObject({ provider: id('provider').optional() }),
    answers: { 200: { description: 'All zones.', schema: ZoneList } },
    problems: [],
    handle: async ({ store }, { scope, query }) =>
      ok({ items: await listZones(store.read, scope, query.provider), next: null }),
  }),
]

const Position = z.tuple([id('provider'), z.string()])
