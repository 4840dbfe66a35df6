// What is wrong with a platform, and what a person decides about it.

import { type Command, Option } from 'commander'
import { ago } from '../client/duration.ts'
import { table } from '../client/table.ts'
import type { Runner } from '../session.ts'

interface ForgetOptions {
  readonly reason: string
}
const resolutions = ['ignore', 'recreate', 'retry'] as const
interface ResolveOptions {
  readonly by: (typeof resolutions)[number]
}

export function addPlatformProblems(platform: Command, { run }: Runner): void {
  platform
    .command('problems <platform>')
    .description('what is wrong with it, and what you may choose')
    .action(
      run(async ({ api, names, print, world }, { args: [name = ''] }) => {
        const problems = await api.platformProblems(await names.platformId(name))
        print.data(problems, (paint) =>
          table(
            ['PROBLEM', 'ABOUT', 'SINCE', 'CHOOSE', 'ID', 'DETAIL'],
            problems.map((p) => [
              p.code,
              p.subject,
              ago(p.since, world.now()),
              p.resolutions.join('|'),
              p.id,
              p.detail,
            ]),
            paint,
          ),
        )
      }),
    )
  platform
    .command('resolve <platform> <problem>')
    .description('decide what becomes of a problem')
    .addOption(new Option('--by <resolution>', 'how').choices(resolutions).makeOptionMandatory())
    .action(
      run<ResolveOptions>(async ({ api, names, print }, { args: [name = '', problem = ''], options }) => {
        const resolved = await api.resolveProblem(await names.platformId(name), problem, options.by)
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
        print.data(forgotten, () => [
          `Platform ${name} is forgotten.`,
          ...(forgotten.left.length === 0 ? ['Nothing of it is left.'] : ['What may be left at its provider:']),
          ...forgotten.left.map(
            ({ member, resourceKey, nativeRef }) => `  ${member}  ${resourceKey}  ${nativeRef ?? ''}`,
          ),
        ])
      }),
    )
}
