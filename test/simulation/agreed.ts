// Whether what was agreed of a platform is kept, event by event: protection, leases, schedules and windows. What was asked
// for is known by the events in their order, and by the rows beside them; times are computed by times.ts.

import type Database from 'better-sqlite3'
import { z } from 'zod'
import type { EventRow } from './branches.ts'
import type { Counters } from './counters.ts'
import { isOpen, isZone, lastHourly, type Zone } from './times.ts'
import { type Invariant, Violation } from './violation.ts'

interface WindowRow {
  readonly cron: string
  readonly time_zone: string
  readonly duration_ms: number
}
interface ScheduleRow {
  readonly platform_id: string
  readonly name: string
  readonly hibernate_cron: string | null
  readonly wake_cron: string | null
  readonly time_zone: string
}

export interface Agreed {
  see(event: EventRow): void
  /** A schedule is set from `at` on, ms since 1970; null: somebody is about to set it, and it is not known whether it is. */
  scheduled(platform: string, at: number | null): void
  /** At rest: what was due was done. */
  check(now: number): void
}

export interface AgreedDeps {
  readonly database: Database.Database
  readonly counters: Counters
  /** When the history began, ms since 1970. */
  readonly startedAt: number
  fail(violation: Violation): void
}

const changedSchema = z.object({ deletionProtection: z.boolean().optional() })
const dueSchema = z.object({ action: z.enum(['hibernate', 'wake']) })
/** The keeper looks every 20 s, ms; what was due this long ago was seen by it. */
const seenAfterMs = 45_000

export function openAgreed({ database, counters, startedAt, fail }: AgreedDeps): Agreed {
  const protection = database.prepare<[string], { deletion_protection: number }>(
    'select deletion_protection from platforms where id = ?',
  )
  const lease = database.prepare<[string], { expires_at: number; grace_ms: number }>(
    'select expires_at, grace_ms from leases where platform_id = ?',
  )
  const windowOf = database.prepare<[string], WindowRow>('select * from maintenance_windows where platform_id = ?')
  const schedules = database.prepare<[], ScheduleRow>(
    `select schedules.*, name from schedules join platforms on id = platform_id where want = 'present'`,
  )
  const urgent = database.prepare<[string, number, number], { host: string }>(
    `select maintenances.host from maintenances join machines on machines.host = maintenances.host
       join members on members.machine_id = machines.id
       where members.id = ? and (ended_at is null or ended_at >= ?) and (deadline_at is null or deadline_at <= ?)`,
  )
  const protectedNow = new Map<string, boolean>()
  /** When the lease of a platform was called over, ms since 1970. */
  const expiredAt = new Map<string, number>()
  /** Since when the schedule of a platform is what it is, ms since 1970; null: not known. */
  const scheduledAt = new Map<string, number | null>()
  /** Moments that a schedule has fired for, by platform and action. */
  const fired = new Set<string>()

  function broken(what: Invariant, { kind, platform_id, at }: EventRow, detail: string): void {
    fail(new Violation(what, `${kind} of ${platform_id} at ${new Date(at).toISOString()}: ${detail}`))
  }

  function checkWindow(event: EventRow, platform: string): void {
    const window = windowOf.get(platform)
    if (!window) return
    if (!isZone(window.time_zone)) throw new Error(`${window.time_zone} is no zone of a history`)
    if (!isOpen(window.cron, window.time_zone, window.duration_ms, event.at))
      broken('window-kept', event, `its window ${window.cron} (${window.time_zone}) is closed`)
    else counters.hit(event.kind === 'upgrade.begun' ? 'branch:upgradedInWindow' : 'branch:movedInWindow')
  }

  function checkLeaseEnd(event: EventRow, platform: string): void {
    const since = expiredAt.get(platform)
    const grace = lease.get(platform)?.grace_ms ?? 0
    if (since === undefined) broken('lease-kept', event, 'nobody was told that it is over')
    else if (event.at - since < grace)
      broken('lease-kept', event, `${event.at - since} ms after it was over, with ${grace} ms of grace`)
  }

  function checkDue(event: EventRow, platform: string): void {
    const { action } = dueSchema.parse(JSON.parse(event.data))
    const row = schedules.all().find(({ platform_id }) => platform_id === platform)
    if (!row) return
    const last = lastOf(row, event.at)
    if (last?.action !== action || last.at < startedAt) {
      broken('schedule-kept', event, `${action} is not what was due last: ${JSON.stringify(last)}`)
      return
    }
    const moment = momentOf(row, last)
    if (fired.has(moment)) broken('schedule-kept', event, `${action} of ${new Date(last.at).toISOString()} came twice`)
    fired.add(moment)
  }

  return {
    see(event) {
      const { kind, platform_id: platform, subject_id, to_state, from_state, cause, data } = event
      if (platform === null) return
      switch (kind) {
        case 'platform.created':
          scheduledAt.set(platform, event.at)
          protectedNow.set(platform, protection.get(platform)?.deletion_protection === 1)
          break
        case 'platform.changed': {
          const { deletionProtection } = changedSchema.parse(JSON.parse(data))
          if (deletionProtection !== undefined) protectedNow.set(platform, deletionProtection)
          break
        }
        case 'platform.state':
          if (to_state === 'deleting' && from_state !== 'deleting' && protectedNow.get(platform))
            broken('protection-kept', event, 'it is protected')
          break
        case 'lease.renewed':
          expiredAt.delete(platform)
          break
        case 'lease.expired': {
          expiredAt.set(platform, event.at)
          const expires = lease.get(platform)?.expires_at
          if (expires !== undefined && event.at < expires) broken('lease-kept', event, 'it is not over')
          break
        }
        case 'lease.ended':
          checkLeaseEnd(event, platform)
          break
        case 'schedule.due':
          checkDue(event, platform)
          break
        case 'upgrade.begun':
          checkWindow(event, platform)
          break
        case 'member.state':
          if (to_state === 'leaving' && cause === 'maintenance' && !urgent.get(subject_id, event.at, event.at))
            checkWindow(event, platform)
          break
      }
    },
    scheduled(platform, at) {
      scheduledAt.set(platform, at)
    },
    check(now) {
      for (const row of schedules.all()) {
        const last = lastOf(row, now - seenAfterMs)
        const since = scheduledAt.get(row.platform_id) ?? null
        // What was due before it was asked for is nobody's wish.
        if (last === undefined || since === null || last.at <= since || fired.has(momentOf(row, last))) continue
        fail(
          new Violation(
            'schedule-kept',
            `${row.name} was to ${last.action} at ${new Date(last.at).toISOString()}, and nobody saw to it`,
          ),
        )
      }
    },
  }
}

function momentOf({ platform_id }: ScheduleRow, { action, at }: { readonly action: string; readonly at: number }) {
  return `${platform_id} ${action} ${at}`
}

/** What a schedule asked for last, and when. At one moment waking comes after hibernating. */
function lastOf({ hibernate_cron, wake_cron, time_zone: zone }: ScheduleRow, now: number) {
  if (!isZone(zone)) throw new Error(`${zone} is no zone of a history`)
  const at = (cron: string | null, its: Zone) => (cron === null ? 0 : lastHourly(cron, its, now))
  const [hibernate, wake] = [at(hibernate_cron, zone), at(wake_cron, zone)]
  if (hibernate === 0 && wake === 0) return undefined
  return wake >= hibernate ? ({ action: 'wake', at: wake } as const) : ({ action: 'hibernate', at: hibernate } as const)
}
