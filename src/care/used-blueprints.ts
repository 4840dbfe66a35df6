import type { Blueprint } from '../blueprints/index.ts'
import type { BlueprintSource } from '../engine/index.ts'
import { statement } from '../store/statement.ts'
import type { Db } from '../store/store.ts'

const selectDigests = statement((db) =>
  db.selectFrom('platforms').select('blueprint_digest as digest').distinct().where('state', '!=', 'deleted'),
)

/** The blueprints of all platforms that there are, with their digests. */
export async function usedBlueprints(
  db: Db,
  blueprints: BlueprintSource,
): Promise<{ readonly digest: string; readonly blueprint: Blueprint }[]> {
  const used = []
  for (const { digest } of await selectDigests.all(db, {}))
    used.push({ digest, blueprint: await blueprints(db, digest) })
  return used
}
