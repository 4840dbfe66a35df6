import { instant } from '../../http/schema.ts'
import { usageOfProject } from '../../quota/index.ts'
import type { Db, ProjectTable } from '../../store/index.ts'
import { parseLabels } from '../labels.ts'
import { usage } from '../tickets/index.ts'
import type { Project, Share } from './schemas.ts'

/** The project with its shares and what is used of them. */
export async function projectView(db: Db, row: ProjectTable): Promise<Project> {
  const shares = new Map<string, Share>()
  for (const use of await usageOfProject(db, row.id)) {
    const share = shares.get(use.ticket) ?? { ticket: use.ticket, ticketName: use.ticketName, limits: {} }
    share.limits[use.key] = usage(use.amount, use.used, use.left)
    shares.set(use.ticket, share)
  }
  return {
    id: row.id,
    name: row.name,
    tenant: row.tenant_id,
    labels: parseLabels(row.labels),
    shares: [...shares.values()],
    createdAt: instant(row.created_at),
  }
}
