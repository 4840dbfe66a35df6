import { appendEvent } from '../../events/index.ts'
import { newId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Db, InstallationTable, Tx } from '../../store/index.ts'

/** The one row. Throws unavailable when the database was never prepared. */
export async function getInstallation(db: Db): Promise<InstallationTable> {
  const row = await db.selectFrom('installation').selectAll().executeTakeFirst()
  if (row) return row
  throw new ProblemError({
    code: 'unavailable',
    detail: 'This database holds no installation yet.',
    next: 'Start it with gantry serve.',
  })
}

/** The installation's row, made at the first start: its id is part of every resource key. */
export async function ensureInstallation(tx: Tx, seams: Seams): Promise<InstallationTable> {
  const row = await tx.selectFrom('installation').selectAll().executeTakeFirst()
  if (row) return row
  const made: InstallationTable = {
    id: newId('installation', seams),
    restore_epoch: 1,
    report_only: 0,
    created_at: seams.clock.now(),
  }
  await tx.insertInto('installation').values(made).execute()
  await appendEvent(tx, seams, {
    kind: 'installation.created',
    subject: { kind: 'installation', id: made.id },
    actor: 'gantry',
    cause: 'first start',
  })
  return made
}
