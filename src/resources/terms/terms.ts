// What a platform can be asked for with from its first moment: until when it is wanted, when it sleeps, when it may be
// worked on. The same wishes as later, at once with it: a platform that was to have a lease never is without one.

import { z } from '../../http/schema.ts'
import type { Seams } from '../../kernel/seams.ts'
import type { Tx } from '../../store/index.ts'
import { setAutoUpgrade } from './auto-upgrade.ts'
import { checkLease, type LeasedPlatform, setLease } from './lease.ts'
import { checkSchedule, setSchedule } from './schedule.ts'
import { AutoUpgradePut, LeasePut, SchedulePut, WindowPut } from './schemas.ts'
import { checkWindow, setWindow } from './window.ts'

export const Terms = z.object({
  lease: LeasePut.optional().openapi({ description: 'Until when it is wanted; without one for ever.' }),
  schedule: SchedulePut.optional().openapi({ description: 'When it hibernates and wakes by itself.' }),
  autoUpgrade: AutoUpgradePut.shape.follow.optional().openapi({
    description: 'Which new versions of its blueprint it follows by itself, in its window; none without it.',
  }),
  maintenanceWindow: WindowPut.optional().openapi({ description: 'When what can wait may be done on it.' }),
})
export type Terms = z.output<typeof Terms>

/** Throws invalid_request with a pointer below /lease, /schedule or /maintenanceWindow. */
export function checkTerms({ lease, schedule, maintenanceWindow }: Terms, now: number): void {
  if (lease) checkLease(lease, now, '/lease')
  if (schedule) checkSchedule(schedule, '/schedule')
  if (maintenanceWindow) checkWindow(maintenanceWindow, '/maintenanceWindow')
}

/** Writes them for a platform that has none yet. Throws what checkTerms throws. */
export async function setTerms(
  tx: Tx,
  seams: Seams,
  actor: string,
  platform: LeasedPlatform,
  terms: Terms,
): Promise<void> {
  const now = seams.clock.now()
  checkTerms(terms, now)
  const { lease, schedule, maintenanceWindow, autoUpgrade } = terms
  if (lease) await setLease(tx, seams, actor, platform, lease)
  if (schedule) await setSchedule(tx, platform.id, schedule, now)
  if (maintenanceWindow) await setWindow(tx, platform.id, maintenanceWindow)
  if (autoUpgrade) await setAutoUpgrade(tx, platform.id, { follow: autoUpgrade })
}
