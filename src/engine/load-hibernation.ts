import { z } from 'zod'
import type { PlatformId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { HibernationView } from './view.ts'

export const hibernationMembersSchema = z.array(z.string())

const selectHibernation = statement((db, { platform }: { platform: PlatformId }) =>
  db.selectFrom('hibernations').selectAll().where('platform_id', '=', platform),
)

/** Null for a platform whose machines run as ever. */
export async function loadHibernation(db: Db, platform: PlatformId): Promise<HibernationView | null> {
  const row = await selectHibernation.first(db, { platform })
  if (!row) return null
  const members = hibernationMembersSchema.parse(JSON.parse(row.members))
  return { power: row.power, members, task: row.task_id }
}
