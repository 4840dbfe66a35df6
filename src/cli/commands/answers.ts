// Commands that answer a question about what is there: why, what happened, what did it say, let me in.

import type { Command } from 'commander'
import { isId } from '../../kernel/ids.ts'
import { timeOfDay } from '../client/duration.ts'
import { explanationLines } from '../client/explanation.ts'
import { table } from '../client/table.ts'
import type { Paint } from '../client/text.ts'
import type { Transition } from '../client/types.ts'
import { showLogs } from '../logs.ts'
import type { Runner, Session } from '../session.ts'
import { openShell } from '../shell.ts'

interface LogOptions {
  readonly follow?: boolean
}

export function addAnswers(parent: Command, { run }: Runner): void {
  parent
    .command('explain <platform> [name]')
    .description('why it is not ready, since when, what is tried next, who can act')
    .action(
      run(async ({ api, names, print, world }, { args: [first = '', second] }) => {
        // `gantry explain platform team-b` reads well and means the same.
        const name = first === 'platform' && second !== undefined ? second : first
        const explanation = await api.explain(await names.platformId(name))
        print.data(explanation, (paint) => explanationLines(explanation, world.now(), paint))
      }),
    )
  parent
    .command('logs <platform> [machine] [step]')
    .description('what its scripts said, secrets redacted')
    .option('-f, --follow', 'go on as they say more')
    .action(
      run<LogOptions>(async (session, { args: [platform = '', machine, step], options }) => {
        await showLogs(session, { platform, machine, step, follow: options.follow ?? false })
      }),
    )
  parent
    .command('ssh <machine> [command...]')
    .description('log in to a machine, e.g. team-a/manager-0; its host key is checked')
    .addHelpText(
      'after',
      '\nA command with options of its own goes after --, e.g. gantry ssh team-a/manager-0 -- ls -l',
    )
    .action(
      run(async (session, { args: [name = ''], command }) => {
        const machine = await session.names.machine(name)
        session.exit(await openShell(session, machine.id, command.args.slice(1)))
      }),
    )
  parent
    .command('history <name>')
    .description('every state of a platform or machine: when, why, by whom')
    .action(
      run(async ({ api, names, print }, { args: [name = ''] }) => {
        const machine = isId('machine', name) || (!isId('platform', name) && (await looksLikeMachine(names, name)))
        const items = machine
          ? await api.machineHistory((await names.machine(name)).id)
          : await api.platformHistory(await names.pastPlatformId(name))
        print.data(items, (paint) => historyLines(items, paint))
      }),
    )
}

/** `a/b` is a platform of project a, or a machine of platform a: the platform is asked for first. */
async function looksLikeMachine(names: Session['names'], name: string): Promise<boolean> {
  if (!name.includes('/')) return false
  return names.pastPlatformId(name).then(
    () => false,
    () => true,
  )
}

function historyLines(items: readonly Transition[], paint: Paint): string[] {
  return table(
    ['WHEN', 'FROM', 'TO', 'BY', 'WHY'],
    items.map((item) => [`${item.at.slice(0, 10)} ${timeOfDay(item.at)}`, item.from, item.to, item.actor, item.cause]),
    paint,
  )
}
