// What the platform is to become, and what members follow that is not that yet.

import { z } from 'zod'
import type { Wish } from '../blueprints/index.ts'
import type { Json } from '../kernel/canonical.ts'
import type { PlatformId } from '../kernel/ids.ts'
import type { PlatformTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'
import type { BlueprintSource } from './source.ts'
import type { MemberView, PlatformView } from './view.ts'

const specSchema = z.object({ parameters: z.record(z.string(), z.json()) })

/** The parameters of a spec as it is kept. */
export function parametersOf(spec: string): Record<string, Json> {
  return specSchema.parse(JSON.parse(spec)).parameters
}

/** What members follow that is not what is wanted now. */
export async function loadOlder(
  db: Db,
  blueprints: BlueprintSource,
  { id, generation }: Pick<PlatformTable, 'id' | 'generation'>,
  members: Iterable<MemberView>,
): Promise<Wish[]> {
  const numbers = [...new Set([...members].map((member) => member.revision))].filter((number) => number !== generation)
  if (numbers.length === 0) return []
  const rows = await db
    .selectFrom('revisions')
    .select(['number', 'blueprint_digest', 'spec'])
    .where('platform_id', '=', id)
    .where('number', 'in', numbers)
    .orderBy('number', 'desc')
    .execute()
  const older: Wish[] = []
  for (const { number, blueprint_digest, spec } of rows) {
    older.push({
      revision: number,
      blueprint: await blueprints(db, blueprint_digest),
      parameters: parametersOf(spec),
    })
  }
  return older
}

const selectRevisions = statement((db, { id, generation }: { id: PlatformId; generation: number }) =>
  db
    .selectFrom('revisions')
    .select(['number', 'renews', 'settled_at'])
    .where('platform_id', '=', id)
    .where((where) => where.or([where('number', '=', generation), where('renews', '=', 1)])),
)

/** How far the newest wish is, and since which one everybody was made anew. */
export async function loadRollout(
  db: Db,
  { id, generation, want }: Pick<PlatformTable, 'id' | 'generation' | 'want'>,
): Promise<Pick<PlatformView, 'settled' | 'renewedAt'>> {
  if (want === 'absent') return { settled: true, renewedAt: 0 }
  const rows = await selectRevisions.all(db, { id, generation })
  return {
    settled: rows.find((row) => row.number === generation)?.settled_at !== null,
    renewedAt: Math.max(0, ...rows.filter((row) => row.renews === 1).map((row) => row.number)),
  }
}
