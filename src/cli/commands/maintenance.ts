// gantry provider maintenance: a host is emptied before somebody opens it.

import type { Command } from 'commander'
import { duration } from '../client/duration.ts'
import { table } from '../client/table.ts'
import { count, type Paint, tame } from '../client/text.ts'
import type { Maintenance, MaintenancePreview } from '../client/types.ts'
import type { Runner } from '../session.ts'
import { span } from '../values.ts'

interface StartOptions {
  readonly reason?: string
  readonly within?: string
  readonly plan?: boolean
}

export function addMaintenance(provider: Command, { run }: Runner): void {
  const maintenance = provider.command('maintenance').description('empty a host and keep it empty')
  maintenance
    .command('start <provider> <host>')
    .description('place nothing new there, and replace what is there elsewhere')
    .option('--reason <text>', 'for whoever asks why')
    .option(
      '--within <time>',
      'for so long, e.g. 7d, platforms with a maintenance window are moved in it only; then at any time',
    )
    .option('--plan', 'say who would go where, and change nothing')
    .action(
      run<StartOptions>(async ({ api, names, print, world }, { args: [name = '', host = ''], options }) => {
        const { id } = await names.provider(name)
        if (options.plan) {
          const preview = await api.previewMaintenance(id, host)
          return print.data(preview, (paint) => previewLines(preview, paint))
        }
        const shown = await api.startMaintenance(id, host, {
          reason: options.reason ?? null,
          deadline:
            options.within === undefined
              ? null
              : new Date(world.now() + span(options.within, '--within')).toISOString(),
        })
        print.data(shown, (paint) => maintenanceLines(shown, world.now(), paint))
      }),
    )
  maintenance
    .command('show <provider> <host>')
    .description('how far it is, and what is in the way')
    .action(
      run(async ({ api, names, print, world }, { args: [name = '', host = ''] }) => {
        const shown = await api.maintenance((await names.provider(name)).id, host)
        print.data(shown, (paint) => maintenanceLines(shown, world.now(), paint))
      }),
    )
  maintenance
    .command('end <provider> <host>')
    .description('take machines again; nobody else is moved')
    .action(
      run(async ({ api, names, print, world }, { args: [name = '', host = ''] }) => {
        const shown = await api.endMaintenance((await names.provider(name)).id, host)
        print.data(shown, (paint) => maintenanceLines(shown, world.now(), paint))
      }),
    )
}

function previewLines({ host, machines }: MaintenancePreview, paint: Paint): string[] {
  if (machines.length === 0) return [`Nothing of ours is on ${host}.`, 'Nothing was changed.']
  return [
    ...table(
      ['PLATFORM', 'MEMBER', 'WHAT', 'TO', 'WHY'],
      machines.map((one) => [
        one.platformName,
        one.name,
        one.what,
        [one.providerName, one.zone, one.onHost].filter((part) => part !== null).join('/'),
        one.reason,
      ]),
      paint,
    ),
    'Nothing was changed.',
  ]
}

export function maintenanceLines(shown: Maintenance, now: number, paint: Paint): string[] {
  const { host, state, reason, startedAt, machines, left } = shown
  const tone = state === 'empty' ? 'good' : state === 'ended' ? 'quiet' : 'busy'
  const why = reason === null ? '' : `  (${tame(reason)})`
  const ended = shown.endedAt ?? new Date(now).toISOString()
  const lasted = duration(Date.parse(ended) - Date.parse(startedAt))
  return [
    `${paint('strong', host)}  ${paint(tone, wordOf[state])} for ${lasted}${why}    ${progress(state, machines, left.length)}`,
    ...left.map((one) => {
      const mark = one.state === 'stuck' ? 'bad' : 'quiet'
      return `  ${one.platformName}  ${one.name}  ${paint(mark, one.state)}: ${tame(one.reason)}`
    }),
  ]
}

const wordOf = { emptying: 'being emptied', empty: 'empty', ended: 'was in maintenance' } as const

function progress(state: Maintenance['state'], machines: number, left: number): string {
  if (state === 'ended') return 'it takes machines again'
  if (left === 0) return 'nothing of ours is there'
  return `${count(left, 'machine')} left of ${Math.max(machines, left)}`
}
