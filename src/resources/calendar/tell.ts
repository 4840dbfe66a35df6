// What Gantry did with a platform because its terms say so, told as an event of the platform.

import { appendEvent, type EventKind } from '../../events/index.ts'
import type { Tx } from '../../store/index.ts'
import type { PlatformRow } from '../platforms/index.ts'
import type { KeepDeps } from './keep-deps.ts'

export interface Told {
  readonly kind: Extract<EventKind, `lease.${string}` | `schedule.${string}` | `upgrade.${string}`>
  readonly cause?: string
  readonly data: { readonly [name: string]: string | number }
}

/** Appends the event in the transaction of what it tells. */
export async function tell({ seams }: Pick<KeepDeps, 'seams'>, tx: Tx, row: PlatformRow, told: Told): Promise<void> {
  await appendEvent(tx, seams, {
    ...told,
    subject: { kind: 'platform', id: row.id },
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    actor: 'gantry',
  })
}
