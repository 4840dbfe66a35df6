// When what can wait may be done: upgrades that nobody asked for at that moment, repairs of what still works.

import type { PlatformId } from '../kernel/ids.ts'
import type { Db } from '../store/store.ts'
import { lastTime, nextTime, type Times } from './calendar.ts'

export interface Window extends Times {
  /** For how long it stays open, ms. */
  readonly durationMs: number
}

export interface WindowState {
  readonly open: boolean
  /** When it opens or closes next, ms since 1970; null: it is always open. */
  readonly until: number | null
}

/** Without a window of its own a platform may be worked on at any time. */
export function windowAt(window: Window | null, now: number): WindowState {
  if (window === null) return { open: true, until: null }
  const opened = lastTime(window, now)
  const open = opened !== null && now < opened + window.durationMs
  return { open, until: open ? opened + window.durationMs : nextTime(window, now) }
}

/** Whether what can wait may be done on the platform now. */
export async function windowOpen(db: Db, platform: PlatformId, now: number): Promise<WindowState> {
  return windowAt(await loadWindow(db, platform), now)
}

export async function loadWindow(db: Db, platform: PlatformId): Promise<Window | null> {
  const row = await db
    .selectFrom('maintenance_windows')
    .selectAll()
    .where('platform_id', '=', platform)
    .executeTakeFirst()
  return row ? { cron: row.cron, timeZone: row.time_zone, durationMs: row.duration_ms } : null
}
