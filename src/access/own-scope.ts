import type { PlatformId, ProjectId, TenantId } from '../kernel/ids.ts'
import { mint, type Scope } from './scope.ts'

/** What Gantry does by itself on a platform because its owner once asked for it: a schedule, a lease. No wider than that platform. */
export function ownScope(tenant: TenantId, project: ProjectId, platform: PlatformId): Scope {
  return mint({ actor: 'gantry', tenant, project, platform })
}
