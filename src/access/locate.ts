// Where a thing lives: the tenant, project and platform that its id belongs to. Deleted things are still found by id,
// because their history stays readable.

import type { PlatformId, ProjectId, TenantId } from '../kernel/ids.ts'
import { unreachable } from '../kernel/unreachable.ts'
import type { Db } from '../store/index.ts'
import type { Target } from './scope.ts'

export interface Place {
  readonly tenant: TenantId | null
  readonly project: ProjectId | null
  readonly platform: PlatformId | null
}

const everywhere: Place = { tenant: null, project: null, platform: null }

/** Undefined when there is no such thing. */
export async function locate(db: Db, target: Target): Promise<Place | undefined> {
  switch (target.kind) {
    case 'installation':
      return everywhere
    case 'tenant': {
      const row = await db.selectFrom('tenants').select('id as tenant').where('id', '=', target.id).executeTakeFirst()
      return row && { ...everywhere, ...row }
    }
    case 'ticket': {
      const row = await db
        .selectFrom('tickets')
        .select('tenant_id as tenant')
        .where('id', '=', target.id)
        .executeTakeFirst()
      return row && { ...everywhere, ...row }
    }
    case 'project': {
      const row = await db
        .selectFrom('projects')
        .select(['tenant_id as tenant', 'id as project'])
        .where('id', '=', target.id)
        .executeTakeFirst()
      return row && { ...everywhere, ...row }
    }
    case 'platform':
      return db
        .selectFrom('platforms')
        .select(['tenant_id as tenant', 'project_id as project', 'id as platform'])
        .where('id', '=', target.id)
        .executeTakeFirst()
    case 'machine':
    case 'task':
    case 'receipt':
      return db
        .selectFrom(tables[target.kind])
        .select(['tenant_id as tenant', 'project_id as project', 'platform_id as platform'])
        .where('id', '=', target.id)
        .executeTakeFirst()
    default:
      return unreachable(target)
  }
}

const tables = { machine: 'machines', task: 'tasks', receipt: 'receipts' } as const
