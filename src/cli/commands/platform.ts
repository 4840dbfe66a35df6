// Platforms: asked for, looked at, taken away.

import { type Command, Option } from 'commander'
import { type PlatformState, platformStates } from '../../kernel/states.ts'
import { ago, duration } from '../client/duration.ts'
import { memberLines, outputLines } from '../client/summary.ts'
import { facts, table } from '../client/table.ts'
import type { Paint } from '../client/text.ts'
import type { Platform } from '../client/types.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'
import { labels, several } from '../values.ts'
import { addPlatformCalendar } from './platform-calendar.ts'
import { addPlatformChange } from './platform-change.ts'
import { addPlatformCreate } from './platform-create.ts'
import { addPlatformDelete } from './platform-delete.ts'
import { addPlatformLife } from './platform-life.ts'
import { addPlatformProblems } from './platform-problems.ts'
import { addPlatformRest } from './platform-rest.ts'
import { addPlatformRun } from './platform-run.ts'

interface ListOptions {
  readonly all?: boolean
  readonly state?: PlatformState
  readonly label?: readonly string[]
}
interface SetOptions {
  readonly label?: readonly string[]
  readonly name?: string
  readonly protect?: boolean
}

export function addPlatform(parent: Command, runner: Runner): void {
  const { run } = runner
  const platform = parent.command('platform').description('ask for platforms and look at them')
  addPlatformCreate(platform, runner)
  platform
    .command('list')
    .description('those of the project, or all you may see')
    .option('--all', 'of every project')
    .addOption(new Option('--state <state>', 'only those in this state').choices(platformStates))
    .action(
      run<ListOptions>(async ({ api, names, print, settings, world }, { options }) => {
        const here = options.all || settings.project === undefined ? {} : { project: (await names.project()).id }
        const platforms = await api.platforms({ ...here, state: options.state })
        print.data(platforms, (paint) =>
          table(
            ['NAME', 'BLUEPRINT', 'STATE', 'MACHINES', 'SINCE', 'ID'],
            platforms.map((p) => [
              p.name,
              p.blueprint,
              p.state,
              `${p.machines.ready}/${p.machines.wanted}${p.simulated ? ' simulated' : ''}`,
              ago(p.stateSince, world.now()),
              p.id,
            ]),
            paint,
          ),
        )
      }),
    )
  platform
    .command('show <platform>')
    .description('its machines, outputs and problems')
    .action(
      run(async ({ names, print, world }, { args: [name = ''] }) => {
        const found = await names.platform(name)
        print.data(found, (paint) => platformLines(found, world.now(), paint))
      }),
    )
  platform
    .command('set <platform>')
    .description('change its name, labels or protection')
    .option('--name <name>', 'another name')
    .option('--label <name=value>', 'its labels, all of them; may be given several times', several)
    .option('--protect', 'refuse to delete it')
    .option('--no-protect', 'allow to delete it')
    .action(
      run<SetOptions>(async ({ api, names, print, world }, { args: [name = ''], options }) => {
        if (Object.keys(options).length === 0)
          throw new UsageError('Say what to change.', { next: '--name, --label, --protect or --no-protect' })
        const change = {
          name: options.name,
          labels: options.label && labels(options.label),
          deletionProtection: options.protect,
        }
        const changed = await api.setPlatform(await names.platformId(name), change)
        print.data(changed, (paint) => platformLines(changed, world.now(), paint))
      }),
    )
  platform
    .command('output <platform> <name>')
    .description('one output, also a secret one')
    .action(
      run(async ({ api, names, print }, { args: [platformName = '', name = ''] }) => {
        const output = await api.output(await names.platformId(platformName), name)
        print.data(output, () => [typeof output.value === 'string' ? output.value : JSON.stringify(output.value)])
      }),
    )
  addPlatformChange(platform, runner)
  addPlatformRun(platform, runner)
  addPlatformLife(platform, runner)
  addPlatformProblems(platform, runner)
  addPlatformRest(platform, runner)
  addPlatformCalendar(platform, runner)
  addPlatformDelete(platform, runner)
}

function platformLines(platform: Platform, now: number, paint: Paint): string[] {
  const tone = platform.state === 'ready' ? 'good' : platform.problems.length > 0 ? 'bad' : 'busy'
  const lines = [
    `${paint('strong', platform.name)}  ${platform.blueprint}  ${paint(tone, platform.state)} since ${duration(now - Date.parse(platform.stateSince))}${platform.stateReason ? `: ${platform.stateReason}` : ''}`,
    ...facts(
      [
        ['id', platform.id],
        [
          'parameters',
          Object.entries(platform.parameters)
            .map(([name, value]) => `${name}=${String(value)}`)
            .join('  '),
        ],
        [
          'labels',
          Object.entries(platform.labels)
            .map(([name, value]) => `${name}=${value}`)
            .join('  '),
        ],
        ['protected', platform.deletionProtection ? 'against deletion' : ''],
        ['task', platform.task],
        ['receipt', platform.receipt],
      ],
      paint,
    ),
    ...(platform.simulated ? ['  Its machines are simulated.'] : []),
    '',
    ...memberLines(platform, paint),
  ]
  const outputs = outputLines(platform, paint)
  if (outputs.length > 0) lines.push('', paint('quiet', 'OUTPUTS'), ...outputs)
  const open = platform.problems.filter((problem) => problem.resolvedAt === null)
  if (open.length > 0)
    lines.push(
      '',
      ...open.map(
        (p) => `${paint('bad', p.code)}  ${p.subject}: ${p.detail}  (since ${duration(now - Date.parse(p.since))})`,
      ),
    )
  if (platform.state !== 'ready' && platform.state !== 'deleted')
    lines.push('', `Why:  gantry explain ${platform.name}`)
  return lines
}
