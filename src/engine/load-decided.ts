// What was decided once of founders and starts, as the plan follows it.

import { z } from 'zod'
import type { MemberRef } from '../blueprints/plan-types.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { PlatformView } from './view.ts'

const founderSchema = z.object({
  member: z.string(),
  founding: z.int().default(1),
  abandoned: z.array(z.string()).default([]),
})

interface ById {
  readonly id: PlatformId
}

const selectFounders = statement((db, { id }: ById) =>
  db
    .selectFrom('decisions')
    .select(['subject', 'data'])
    .where('platform_id', '=', id)
    .where('kind', '=', 'founder')
    .orderBy('id'),
)

/** The latest founder decision of each group, and whom all of them gave up. */
export async function loadFounders(
  db: Db,
  id: PlatformId,
): Promise<Pick<PlatformView, 'founders' | 'foundings' | 'abandoned'>> {
  const rows = await selectFounders.all(db, { id })
  const decided = rows.map(({ subject, data }) => ({ subject, ...founderSchema.parse(JSON.parse(data)) }))
  return {
    founders: Object.fromEntries(decided.map(({ subject, member }) => [subject, member])),
    foundings: Object.fromEntries(decided.map(({ subject, founding }) => [subject, founding])),
    abandoned: new Set(decided.flatMap(({ abandoned }) => abandoned)),
  }
}

const selectRestarts = statement((db, { id }: ById) =>
  db
    .selectFrom('decisions')
    .select(({ fn }) => ['subject', fn.countAll<number>().as('count')])
    .where('platform_id', '=', id)
    .where('kind', '=', 'restart')
    .groupBy('subject'),
)

/** How often a person had each member's machine started anew, COUNT. */
export async function loadRestarts(db: Db, id: PlatformId): Promise<ReadonlyMap<MemberRef, number>> {
  const rows = await selectRestarts.all(db, { id })
  return new Map(rows.map(({ subject, count }) => [subject, Number(count)]))
}
