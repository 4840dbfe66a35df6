// The end of report-only: an admin has seen how records and world differ. From here on keys carry another epoch, so that
// none made after the backup and forgotten by the restore is ever used again.

import { makeDue } from '../../engine/index.ts'
import { appendEvent } from '../../events/index.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Tx } from '../../store/index.ts'
import { assertReportOnly } from './report.ts'

export interface Acceptance {
  readonly epoch: number
  readonly at: number
  /** To be woken after the commit. */
  readonly due: readonly PlatformId[]
}

/** Throws 'wrong_state' when the installation is not in report-only mode (any more). */
export async function acceptRestore(
  tx: Tx,
  seams: Seams,
  { actor, report }: { readonly actor: string; readonly report: string },
): Promise<Acceptance> {
  const { id, restore_epoch } = await assertReportOnly(tx)
  const epoch = restore_epoch + 1
  const at = seams.clock.now()
  await tx.updateTable('installation').set({ report_only: 0, restore_epoch: epoch }).execute()
  await appendEvent(tx, seams, {
    kind: 'restore.accepted',
    subject: { kind: 'installation', id },
    actor,
    data: { report, epoch },
  })
  const platforms = await tx.selectFrom('platforms').select('id').where('state', '!=', 'deleted').execute()
  for (const platform of platforms) await makeDue(tx, platform.id, at)
  return { epoch, at, due: platforms.map((platform) => platform.id) }
}
