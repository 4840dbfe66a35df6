import { nextTime, timesMistake } from '../../care/index.ts'
import { instant, type z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Db, Tx } from '../../store/index.ts'
import type { Schedule, SchedulePut } from './schemas.ts'

/** Throws invalid_request, pointing below `at`, for times that never come. */
export function checkSchedule(wish: z.output<typeof SchedulePut>, at = ''): void {
  for (const field of ['hibernate', 'wake'] as const) refuseTimes(field, wish[field], wish.timeZone, at)
}

/** Throws invalid_request for times that never come. */
export async function setSchedule(
  tx: Tx,
  platform: PlatformId,
  wish: z.output<typeof SchedulePut>,
  now: number,
): Promise<void> {
  checkSchedule(wish)
  const { hibernate, wake, timeZone } = wish
  await tx.deleteFrom('schedules').where('platform_id', '=', platform).execute()
  if (hibernate === null && wake === null) return
  await tx
    .insertInto('schedules')
    .values({
      platform_id: platform,
      hibernate_cron: hibernate,
      wake_cron: wake,
      time_zone: timeZone,
      // What was due before it was asked for is nobody's wish.
      seen_at: now,
      pending: null,
    })
    .execute()
}

export async function showSchedule(db: Db, platform: PlatformId, now: number): Promise<Schedule> {
  const row = await db.selectFrom('schedules').selectAll().where('platform_id', '=', platform).executeTakeFirst()
  const timeZone = row?.time_zone ?? 'UTC'
  const next = (cron: string | null | undefined) => (cron ? instant(nextTime({ cron, timeZone }, now)) : null)
  return {
    hibernate: row?.hibernate_cron ?? null,
    wake: row?.wake_cron ?? null,
    timeZone,
    nextHibernate: next(row?.hibernate_cron),
    nextWake: next(row?.wake_cron),
    pending: row?.pending ?? null,
  }
}

/** Throws invalid_request naming the field. */
export function refuseTimes(field: string, cron: string | null, timeZone: string, at = ''): void {
  const detail = timesMistake({ cron: cron ?? '* * * * *', timeZone })
  if (detail === null) return
  const pointer = `${at}/${detail.includes('time zone') ? 'timeZone' : field}`
  throw new ProblemError({
    code: 'invalid_request',
    detail,
    errors: [{ pointer, detail }],
    next: 'For example  0 20 * * 1-5  is at 20:00 from Monday to Friday.',
  })
}
