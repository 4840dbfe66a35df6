// What is wrong with a platform, and what a person decides about it.

import { type Command, Option } from 'commander'
import { ago } from '../client/duration.ts'
import { table } from '../client/table.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'

interface ForgetOptions {
  readonly reason: string
}
const resolutions = ['ignore', 'reboot', 'recreate', 'retry', 'restore', 'refound', 'forget'] as const
interface ResolveOptions {
  readonly by: (typeof resolutions)[number]
  readonly yes?: true
  readonly reason?: string
}

export function addPlatformProblems(platform: Command, { run }: Runner): void {
  platform
    .command('problems <platform>')
    .description('what is wrong with it, and what you may choose')
    .option('--all', 'also what is over, and what is ignored')
    .action(
      run<{ readonly all?: true }>(async ({ api, names, print, world }, { args: [name = ''], options }) => {
        const problems = await api.platformProblems(await names.platformId(name), options.all === true)
        print.data(problems, (paint) => {
          if (problems.length === 0) return [`Nothing is wrong with ${name}.`]
          return table(
            ['PROBLEM', 'ABOUT', 'SINCE', ...(options.all ? ['ENDED BY'] : []), 'CHOOSE', 'ID', 'DETAIL'],
            problems.map((p) => [
              p.code,
              p.subject,
              ago(p.since, world.now()),
              ...(options.all ? [p.resolution] : []),
              p.resolutions.join('|'),
              p.id,
              p.detail,
            ]),
            paint,
          )
        })
      }),
    )
  platform
    .command('resolve <platform> <problem>')
    .description('decide what becomes of a problem')
    .addOption(new Option('--by <resolution>', 'how').choices(resolutions).makeOptionMandatory())
    .option('--yes', 'yes, give up what the lost members knew (--by refound)')
    .option('--reason <text>', 'why nobody can prove it gone; kept in the event (--by forget)')
    .action(
      run<ResolveOptions>(async ({ api, names, print }, { args: [name = '', problem = ''], options }) => {
        if (options.by === 'refound' && !options.yes) throw new UsageError(givenUp(name, problem))
        const id = await names.platformId(name)
        if (options.by === 'forget') {
          if (!options.reason) throw new UsageError('Say why nobody can prove it gone:  --by forget --reason <text>')
          const forgotten = await api.forgetMachine(id, problem, options.reason)
          return print.data(forgotten, () => ['The machine is forgotten.', ...leftLines(forgotten.left)])
        }
        const resolved = await api.resolveProblem(id, problem, options.by)
        print.data(resolved, () => [`${resolved.code} of ${resolved.subject}: ${options.by}.`])
      }),
    )
  platform
    .command('forget <platform>')
    .description('let go of one whose deletion cannot end, and list what may be left')
    .requiredOption('--reason <text>', 'why nobody can prove it gone; kept in the event')
    .action(
      run<ForgetOptions>(async ({ api, names, print }, { args: [name = ''], options }) => {
        const forgotten = await api.forgetPlatform(await names.platformId(name), options.reason)
        print.data(forgotten, () => [`Platform ${name} is forgotten.`, ...leftLines(forgotten.left)])
      }),
    )
}

interface Left {
  readonly member: string
  readonly resourceKey: string
  readonly nativeRef: string | null
}

function leftLines(left: readonly Left[]): string[] {
  if (left.length === 0) return ['Nothing of it is left.']
  return [
    'What may be left at its provider:',
    ...left.map(({ member, resourceKey, nativeRef }) => `  ${member}  ${resourceKey}  ${nativeRef ?? ''}`),
  ]
}

function givenUp(platform: string, problem: string): string {
  return [
    'Founding anew cannot be undone. What is lost:',
    '  - what the group agreed on that no answering voter has; all of it, if none answers',
    '  - the machines of all its other voters, answering or not: they are replaced one at a time, with what is on them',
    'If their machines can be started again, start them: the platform goes on by itself.',
    `Else:  gantry platform resolve ${platform} ${problem} --by refound --yes`,
  ].join('\n')
}
