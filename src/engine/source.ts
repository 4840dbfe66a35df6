import type { Blueprint } from '../blueprints/index.ts'
import type { Db } from '../store/store.ts'

/** The blueprint of a digest; platforms pin the digest, so an answer never changes and may be kept. */
export type BlueprintSource = (db: Db, digest: string) => Promise<Blueprint>
