import { etag, requireMatch } from '../../http/etag.ts'
import { created, noContent, ok } from '../../http/reply.ts'
import { id, instant, z } from '../../http/schema.ts'
import type { TenantTable } from '../../store/index.ts'
import { endpoint, installation } from '../endpoint.ts'
import { refuseInUse } from '../in-use.ts'
import { parseLabels } from '../labels.ts'
import { listQuery, pageOfRows } from '../listing.ts'
import { Tenant, TenantCreate, TenantList, TenantPatch } from './schemas.ts'
import { changeTenant, createTenant, deleteTenant, getTenant, insideTenant, listTenants } from './store.ts'

const params = z.object({ tenant: id('tenant') })
const about = ({ tenant }: z.output<typeof params>) => ({ kind: 'tenant', id: tenant }) as const

export const tenantEndpoints = [
  endpoint({
    method: 'post',
    path: '/v1/tenants',
    operationId: 'createTenant',
    summary: 'Create a tenant',
    tag: 'tenants',
    permission: 'tenant.write',
    about: installation,
    body: TenantCreate,
    answers: { 201: { description: 'The tenant.', schema: Tenant, headers: ['Location', 'ETag'] } },
    problems: ['name_taken'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await createTenant(tx, call.scope, rooms.seams, call.body)
        return created(`/v1/tenants/${row.id}`, view(row), { etag: etag(row.version) })
      }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/tenants',
    operationId: 'listTenants',
    summary: 'List tenants',
    tag: 'tenants',
    permission: 'tenant.read',
    about: installation,
    query: z.strictObject(listQuery),
    answers: { 200: { description: 'A page of tenants.', schema: TenantList } },
    problems: [],
    handle: async ({ store }, { scope, query }) =>
      ok(pageOfRows(await listTenants(store.read, scope, query), query, view)),
  }),
  endpoint({
    method: 'get',
    path: '/v1/tenants/{tenant}',
    operationId: 'getTenant',
    summary: 'Show a tenant',
    tag: 'tenants',
    permission: 'tenant.read',
    about,
    params,
    answers: { 200: { description: 'The tenant.', schema: Tenant, headers: ['ETag'] } },
    problems: [],
    async handle({ store }, { scope, params: { tenant } }) {
      const row = await getTenant(store.read, scope, tenant)
      return ok(view(row), { etag: etag(row.version) })
    },
  }),
  endpoint({
    method: 'patch',
    path: '/v1/tenants/{tenant}',
    operationId: 'updateTenant',
    summary: 'Rename or label a tenant',
    tag: 'tenants',
    permission: 'tenant.write',
    about,
    params,
    body: TenantPatch,
    matches: true,
    answers: { 200: { description: 'The tenant.', schema: Tenant, headers: ['ETag'] } },
    problems: ['name_taken'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await getTenant(tx, call.scope, call.params.tenant)
        requireMatch(call.ifMatch, row.version)
        const next = await changeTenant(tx, call.scope, rooms.seams, row, call.body)
        return ok(view(next), { etag: etag(next.version) })
      }),
  }),
  endpoint({
    method: 'delete',
    path: '/v1/tenants/{tenant}',
    operationId: 'deleteTenant',
    summary: 'Delete a tenant',
    description: 'Refused while anything is inside, naming it.',
    tag: 'tenants',
    permission: 'tenant.write',
    about,
    params,
    matches: true,
    answers: { 204: { description: 'Deleted.' } },
    problems: ['in_use'],
    handle: (rooms, call) =>
      call.commit(async (tx) => {
        const row = await getTenant(tx, call.scope, call.params.tenant)
        requireMatch(call.ifMatch, row.version)
        refuseInUse('tenant', row.name, await insideTenant(tx, row.id), 'Delete what is inside first.')
        await deleteTenant(tx, call.scope, rooms.seams, row)
        return noContent()
      }),
  }),
]

function view(row: TenantTable): Tenant {
  return { id: row.id, name: row.name, labels: parseLabels(row.labels), createdAt: instant(row.created_at) }
}
