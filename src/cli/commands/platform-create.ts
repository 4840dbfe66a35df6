// Asking for a platform: first what would happen, then what is happening, at the end what to do next.

import { type Command, Option } from 'commander'
import { ApiProblem } from '../client/api-problem.ts'
import { usualTime } from '../client/duration.ts'
import { memberLines, outputLines, readyLine } from '../client/summary.ts'
import type { Task } from '../client/types.ts'
import { waitFor } from '../client/wait.ts'
import { previewLines } from '../preview.ts'
import { progressOf, type Runner, type Session } from '../session.ts'
import { UsageError } from '../usage.ts'
import { assignments, labels, several, span } from '../values.ts'
import { followOf } from './platform-calendar.ts'

interface CreateOptions {
  readonly blueprint: string
  readonly set?: readonly string[]
  readonly ticket?: string
  readonly label?: readonly string[]
  readonly protect?: boolean
  readonly lease?: string
  readonly grace?: string
  readonly hibernate?: string
  readonly wake?: string
  readonly window?: string
  readonly autoUpgrade?: string
  readonly zone?: string
  readonly plan?: boolean
  readonly wait?: boolean
}

export function addPlatformCreate(platform: Command, { run }: Runner): void {
  platform
    .command('create <name>')
    .description('ask for one')
    .requiredOption('--blueprint <name[@version]>', 'see  gantry blueprint list')
    .option('--set <parameter=value>', 'a parameter of the blueprint; may be given several times', several)
    .option('--ticket <ticket>', 'which share of the project pays, when there are several')
    .option('--label <name=value>', 'a label; may be given several times', several)
    .option('--protect', 'refuse to delete it until this is taken back')
    .option('--lease <time>', 'for how long it is wanted, e.g. 30d; then it is stopped, and deleted after the grace')
    .option('--grace <time>', 'from the end of its lease to its deletion, e.g. 3d')
    .option('--hibernate <cron>', "when its machines are stopped, e.g. '0 20 * * 1-5'")
    .option('--wake <cron>', "when they are started, e.g. '0 7 * * 1-5'")
    .option('--window <cron>', "when what can wait may be done on it for 4 hours, e.g. '0 2 * * 6'")
    .addOption(
      new Option('--auto-upgrade <follow>', 'which new versions of its blueprint it follows by itself').choices([
        'none',
        'patch',
        'minor',
      ]),
    )
    .option('--zone <zone>', 'time zone of these times, e.g. Europe/Berlin (default: UTC)')
    .option('--plan', 'say what would happen and change nothing')
    .option('--wait', 'show progress until it is ready')
    .addHelpText(
      'after',
      '\ne.g. gantry platform create team-a --blueprint swarm --set managers=3 --set workers=2 --wait',
    )
    .action(
      run<CreateOptions>(async (session, { args: [name = ''], options }) => {
        const { api, names, print, world } = session
        const project = await names.project()
        const body = {
          name,
          blueprint: options.blueprint,
          parameters: assignments(options.set ?? [], await parameterSchema(session, options.blueprint)),
          ticket: options.ticket === undefined ? undefined : (await names.ticket(options.ticket, project.tenant)).id,
          labels: labels(options.label ?? []),
          deletionProtection: options.protect ?? false,
          ...termsOf(options, world.now()),
        }
        if (options.plan) {
          const preview = await api.previewPlatform(project.id, body)
          return print.data(preview, (paint) => previewLines(name, project.name, preview, paint))
        }
        const task = await api.createPlatform(project.id, body)
        if (!options.wait) {
          return print.data(task, () => [
            `Platform ${name} is accepted; task ${task.id}.${task.usual ? ` It usually takes ${usualTime(task.usual)}.` : ''}`,
            `Next:  gantry task watch ${task.id}      gantry explain ${name}`,
          ])
        }
        await showReady(session, await waitFor(api, task.id, progressOf(session)))
      }),
    )
}

/** From when until when it is wanted, sleeps and may be worked on; what is not said is left out. */
function termsOf(options: CreateOptions, now: number) {
  const { lease, grace, hibernate = null, wake = null, window, autoUpgrade, zone: timeZone = 'UTC' } = options
  if (grace !== undefined && lease === undefined) throw new UsageError('--grace needs --lease: it follows its end.')
  const expiresAt = lease === undefined ? null : new Date(now + span(lease, '--lease')).toISOString()
  const graceSeconds = span(grace ?? '3d', '--grace') / 1000
  return {
    ...(expiresAt === null ? {} : { lease: { expiresAt, graceSeconds } }),
    ...(hibernate === null && wake === null ? {} : { schedule: { hibernate, wake, timeZone } }),
    ...(autoUpgrade === undefined ? {} : { autoUpgrade: followOf(autoUpgrade) }),
    ...(window === undefined ? {} : { maintenanceWindow: { opens: window, durationSeconds: 4 * 3600, timeZone } }),
  }
}

/** The parameters' JSON Schema; none when the blueprint is unknown, and then the server says so better than we could. */
async function parameterSchema({ api }: Session, blueprint: string): Promise<unknown> {
  try {
    return (await api.blueprint(blueprint)).parameters
  } catch (error) {
    if (error instanceof ApiProblem && error.status >= 400 && error.status < 500) return undefined
    throw error
  }
}

/** The last lines about a platform that is ready. */
export async function showReady({ api, print }: Session, task: Task): Promise<void> {
  const platform = await api.platform(task.target.id)
  print.data(platform, (paint) => {
    const first = platform.groups[0]?.members[0]?.name
    return [
      readyLine(task, paint),
      ...memberLines(platform, paint),
      ...outputLines(platform, paint),
      `Next:  ${[first && `gantry ssh ${platform.name}/${first}`, `gantry platform show ${platform.name}`].filter(Boolean).join('      ')}`,
    ]
  })
}
