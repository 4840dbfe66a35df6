// The one table of who may do what. Roles do not inherit: a right is there because it is written here. Platform
// operations and application operations are separate: who runs the installation needs no secret of a tenant, and who
// owns an application needs no right on providers. Until bindings come, the one token there is has the first role.

export const roles = [
  'installation-admin',
  'infra-admin',
  'auditor',
  'tenant-admin',
  'project-admin',
  'operator',
  'viewer',
] as const
export type Role = (typeof roles)[number]

const admin = ['installation-admin'] as const
const infra = ['installation-admin', 'infra-admin'] as const
const tenant = ['installation-admin', 'tenant-admin'] as const
const project = ['installation-admin', 'tenant-admin', 'project-admin'] as const
const operate = ['installation-admin', 'tenant-admin', 'project-admin', 'operator'] as const
const readers = ['installation-admin', 'auditor', 'tenant-admin', 'project-admin', 'operator', 'viewer'] as const
const everybody = roles

export const policy = {
  'installation.read': everybody,
  'catalogue.read': everybody,
  'blueprint.create': [...admin, 'infra-admin'],
  'provider.read': [...infra, 'auditor'],
  'provider.write': infra,
  'tenant.read': readers,
  'tenant.write': admin,
  'project.read': readers,
  'project.write': tenant,
  'ticket.read': readers,
  'ticket.write': admin,
  'share.write': tenant,
  'platform.read': readers,
  'platform.create': project,
  'platform.write': operate,
  'platform.delete': project,
  /** Let go of what nobody can prove gone: somebody may go on paying for it. */
  'platform.forget': ['installation-admin', 'infra-admin', 'tenant-admin'],
  /** Cancel, resume and retry: what is under way, not what is wanted. */
  'platform.operate': operate,
  /** Secret outputs and the platform's SSH key. */
  'platform.secret': operate,
  'event.read': readers,
  /** The whole database: every tenant's names and plans, and secrets as ciphertext. */
  'backup.take': admin,
  'restore.read': [...infra, 'auditor'],
  'restore.accept': admin,
} as const satisfies { readonly [permission: string]: readonly Role[] }

export type Permission = keyof typeof policy

/** Whether one of these roles carries the permission. */
export function allows(permission: Permission, held: readonly Role[]): boolean {
  const carriers: readonly Role[] = policy[permission]
  return held.some((role) => carriers.includes(role))
}
