import type { RevisionTable } from '../store/schema.ts'
import type { Tx } from '../store/store.ts'

/** Writes down what a platform is asked to be from now on. */
export async function writeRevision(tx: Tx, row: RevisionTable): Promise<void> {
  await tx.insertInto('revisions').values(row).execute()
}
