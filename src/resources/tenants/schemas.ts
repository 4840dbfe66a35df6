import { Instant, id, Labels, Name, pageOf, z } from '../../http/schema.ts'

export const TenantCreate = z.strictObject({ name: Name, labels: Labels.default({}) }).openapi('TenantCreate')

export const TenantPatch = z.strictObject({ name: Name.optional(), labels: Labels.optional() }).openapi('TenantPatch')

export const Tenant = z.object({ id: id('tenant'), name: Name, labels: Labels, createdAt: Instant }).openapi('Tenant')
export type Tenant = z.infer<typeof Tenant>

export const TenantList = pageOf('TenantList', Tenant)
