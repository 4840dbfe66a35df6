import { loadWindow, windowOpen } from '../../care/index.ts'
import { instant, type z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Db, Tx } from '../../store/index.ts'
import { refuseTimes } from './schedule.ts'
import type { Window, WindowPut } from './schemas.ts'

/** Throws invalid_request, pointing below `at`, for times that never come. */
export function checkWindow({ opens, timeZone }: z.output<typeof WindowPut>, at = ''): void {
  refuseTimes('opens', opens, timeZone, at)
}

/** Throws invalid_request for times that never come. */
export async function setWindow(tx: Tx, platform: PlatformId, wish: z.output<typeof WindowPut>): Promise<void> {
  checkWindow(wish)
  await tx.deleteFrom('maintenance_windows').where('platform_id', '=', platform).execute()
  if (wish.opens === null) return
  await tx
    .insertInto('maintenance_windows')
    .values({
      platform_id: platform,
      cron: wish.opens,
      time_zone: wish.timeZone,
      duration_ms: wish.durationSeconds * 1000,
    })
    .execute()
}

export async function showWindow(db: Db, platform: PlatformId, now: number): Promise<Window> {
  const window = await loadWindow(db, platform)
  const { open, until } = await windowOpen(db, platform, now)
  return {
    opens: window?.cron ?? null,
    durationSeconds: (window?.durationMs ?? 0) / 1000,
    timeZone: window?.timeZone ?? 'UTC',
    open,
    until: instant(until),
  }
}
