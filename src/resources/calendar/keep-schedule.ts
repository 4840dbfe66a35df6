// What a schedule wants, done once and late rather than never: of what was due while nobody looked, only the last counts.

import { ownScope } from '../../access/index.ts'
import { lastTime } from '../../care/index.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { ScheduleTable, Tx } from '../../store/index.ts'
import { getPlatform, hibernate, type PlatformRow, wake } from '../platforms/index.ts'
import type { KeepDeps } from './keep-deps.ts'
import { tell } from './tell.ts'

/** True when something was begun: then the engine is to be woken. */
export async function keepSchedule(deps: KeepDeps, tx: Tx, row: PlatformRow): Promise<boolean> {
  const schedule = await tx.selectFrom('schedules').selectAll().where('platform_id', '=', row.id).executeTakeFirst()
  if (!schedule) return false
  const now = deps.seams.clock.now()
  // A clock that was ahead and was set back must not silence it until it is there again.
  const due = schedule.seen_at > now ? null : dueNow(schedule, now)
  const wanted = due ?? schedule.pending
  const done = wanted === null ? null : await act(deps, tx, row, wanted, due !== null)
  const pending = done === 'later' ? wanted : null
  if (due === null && pending === schedule.pending && schedule.seen_at <= now) return done === 'begun'
  await tx.updateTable('schedules').set({ seen_at: now, pending }).where('platform_id', '=', row.id).execute()
  return done === 'begun'
}

function dueNow(schedule: ScheduleTable, now: number): 'hibernate' | 'wake' | null {
  const since = (cron: string | null) => {
    const at = cron === null ? null : lastTime({ cron, timeZone: schedule.time_zone }, now)
    return at !== null && at > schedule.seen_at ? at : null
  }
  const hibernated = since(schedule.hibernate_cron)
  const woken = since(schedule.wake_cron)
  if (hibernated === null && woken === null) return null
  return (woken ?? 0) >= (hibernated ?? 0) ? 'wake' : 'hibernate'
}

/** `later`: the platform is not in a state for it, and is asked again. */
async function act(
  deps: KeepDeps,
  tx: Tx,
  row: PlatformRow,
  wanted: 'hibernate' | 'wake',
  isNew: boolean,
): Promise<'begun' | 'nothing' | 'later'> {
  const asleep = await isAsleepNow(tx, row)
  if (isNew) await tell(deps, tx, row, { kind: 'schedule.due', data: { action: wanted } })
  if (asleep === (wanted === 'hibernate')) return 'nothing'
  const scope = ownScope(row.tenant_id, row.project_id, row.id)
  try {
    // Whatever it refuses is refused before anything is written.
    const fresh = await getPlatform(tx, scope, row.id)
    await (wanted === 'hibernate' ? hibernate : wake)(deps, tx, scope, fresh)
    return 'begun'
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error
    if (error.code === 'wrong_state') return 'later'
    await tell(deps, tx, row, {
      kind: 'schedule.refused',
      data: { action: wanted, code: error.code, detail: error.detail },
    })
    return 'nothing'
  }
}

async function isAsleepNow(tx: Tx, row: PlatformRow): Promise<boolean> {
  const found = await tx.selectFrom('hibernations').select('power').where('platform_id', '=', row.id).executeTakeFirst()
  return found?.power === 'off'
}
