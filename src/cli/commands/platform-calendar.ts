// When a platform sleeps, until when it is wanted, and when it may be worked on. Without options each shows what is set.

import { Argument, type Command } from 'commander'
import { duration } from '../client/duration.ts'
import { facts } from '../client/table.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'
import { span } from '../values.ts'

interface ScheduleOptions {
  readonly hibernate?: string
  readonly wake?: string
  readonly zone?: string
  readonly none?: boolean
}
interface LeaseOptions {
  readonly for?: string
  readonly until?: string
  readonly grace?: string
  readonly none?: boolean
}
interface WindowOptions {
  readonly opens?: string
  readonly for?: string
  readonly zone?: string
  readonly none?: boolean
}

export function addPlatformCalendar(platform: Command, { run }: Runner): void {
  platform
    .command('schedule <platform>')
    .description('have it hibernate and wake by the clock')
    .option('--hibernate <cron>', "when its machines are stopped, e.g. '0 20 * * 1-5'")
    .option('--wake <cron>', "when they are started, e.g. '0 7 * * 1-5'")
    .option('--zone <zone>', 'time zone, e.g. Europe/Berlin (default: UTC, or what is set)')
    .option('--none', 'no schedule any more')
    .action(
      run<ScheduleOptions>(async ({ api, names, print }, { args: [name = ''], options }) => {
        const id = await names.platformId(name)
        const before = await api.schedule(id)
        const asked = Object.keys(options).length > 0
        const timeZone = options.zone ?? before.timeZone
        const wish = options.none
          ? { hibernate: null, wake: null, timeZone }
          : {
              hibernate: options.hibernate ?? before.hibernate,
              wake: options.wake ?? before.wake,
              timeZone,
            }
        const now = asked ? await api.setSchedule(id, wish) : before
        print.data(now, (paint) =>
          facts(
            [
              [
                'hibernates',
                now.hibernate ? `${now.hibernate}, next ${now.nextHibernate ?? 'never'}` : 'never by itself',
              ],
              ['wakes', now.wake ? `${now.wake}, next ${now.nextWake ?? 'never'}` : 'never by itself'],
              ['time zone', now.timeZone],
              ['due', now.pending ? `${now.pending}, as soon as its state allows it` : ''],
            ],
            paint,
          ),
        )
      }),
    )
  platform
    .command('lease <platform>')
    .description('say until when it is wanted; then it is stopped, and deleted after the grace')
    .option('--for <time>', 'from now on, e.g. 30d or 12h')
    .option('--until <instant>', 'e.g. 2027-03-01T00:00:00Z')
    .option('--grace <time>', 'from its expiry to its deletion, e.g. 3d', '3d')
    .option('--none', 'it is wanted for ever')
    .action(
      run<LeaseOptions>(async ({ api, names, print, world }, { args: [name = ''], options }) => {
        const id = await names.platformId(name)
        const graceSeconds = span(options.grace ?? '3d', '--grace') / 1000
        const expiresAt = expiryOf(options, world.now())
        const now = expiresAt === undefined ? await api.lease(id) : await api.setLease(id, { expiresAt, graceSeconds })
        const left = now.deletedInSeconds === null ? '' : duration(now.deletedInSeconds * 1000)
        print.data(now, (paint) =>
          facts(
            [
              ['expires', now.expiresAt ?? 'never'],
              ['grace', now.expiresAt === null ? '' : duration(now.graceSeconds * 1000)],
              [
                'expired',
                now.expired ? (now.protected ? 'yes; it is protected and stays' : `yes; deleted in ${left}`) : '',
              ],
              ['renew', now.expired ? `gantry platform lease ${name} --for 30d` : ''],
            ],
            paint,
          ),
        )
      }),
    )
  platform
    .command('auto-upgrade <platform>')
    .description('have it follow new versions of its blueprint by itself, in its window')
    .addArgument(new Argument('[follow]', 'how far').choices(['none', 'patch', 'minor']))
    .action(
      run(async ({ api, names, print }, { args: [name = '', wish] }) => {
        const id = await names.platformId(name)
        const now = await (wish === undefined ? api.autoUpgrade(id) : api.setAutoUpgrade(id, followOf(wish)))
        print.data(now, (paint) =>
          facts(
            [
              ['follows', now.follow === 'none' ? 'no version by itself' : `${now.follow} versions of its blueprint`],
              ['next', now.next && `${now.next}, ${now.waitsFor ?? 'about to begin'}`],
            ],
            paint,
          ),
        )
      }),
    )
  platform
    .command('window <platform>')
    .description('say when what can wait may be done on it')
    .option('--opens <cron>', "e.g. '0 2 * * 6'")
    .option('--for <time>', 'how long it stays open, e.g. 4h', '4h')
    .option('--zone <zone>', 'time zone, e.g. Europe/Berlin (default: UTC, or what is set)')
    .option('--none', 'at any time')
    .action(
      run<WindowOptions>(async ({ api, names, print }, { args: [name = ''], options }) => {
        const id = await names.platformId(name)
        const before = await api.maintenanceWindow(id)
        const timeZone = options.zone ?? before.timeZone
        const durationSeconds = span(options.for ?? '4h', '--for') / 1000
        const opens = options.none ? null : options.opens
        const now =
          opens === undefined ? before : await api.setMaintenanceWindow(id, { opens, durationSeconds, timeZone })
        print.data(now, (paint) =>
          facts(
            [
              [
                'opens',
                now.opens ? `${now.opens} ${now.timeZone}, for ${duration(now.durationSeconds * 1000)}` : 'always open',
              ],
              [now.open ? 'open until' : 'opens next', now.until ?? ''],
            ],
            paint,
          ),
        )
      }),
    )
}

/** As commander has checked it. */
export function followOf(text: string): 'none' | 'patch' | 'minor' {
  return text === 'patch' || text === 'minor' ? text : 'none'
}

/** RFC 3339, null for never; undefined when nothing is asked for. */
function expiryOf(options: LeaseOptions, now: number): string | null | undefined {
  const given = [options.for, options.until, options.none].filter((value) => value !== undefined)
  if (given.length > 1) throw new UsageError('Say one of --for, --until and --none.')
  if (options.none) return null
  if (options.for !== undefined) return new Date(now + span(options.for, '--for')).toISOString()
  if (options.until === undefined) return undefined
  const at = Date.parse(options.until)
  if (Number.isNaN(at))
    throw new UsageError(`--until ${options.until} is no time.`, { next: 'e.g. 2027-03-01T00:00:00Z' })
  return new Date(at).toISOString()
}
