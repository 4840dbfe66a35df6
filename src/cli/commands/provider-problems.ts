// gantry provider problems: what is wrong with a provider, its hosts and zones, and whom it concerns.

import type { Command } from 'commander'
import { ago } from '../client/duration.ts'
import { count, type Paint, tame } from '../client/text.ts'
import type { ProviderProblem } from '../client/types.ts'
import type { Runner } from '../session.ts'

export function addProviderProblems(provider: Command, { run }: Runner): void {
  provider
    .command('problems <provider>')
    .description('what is wrong with it, its hosts and zones, and which machines are down with them')
    .action(
      run(async ({ api, names, print, world }, { args: [name = ''] }) => {
        const found = await names.provider(name)
        const problems = await api.providerProblems(found.id)
        print.data(problems, (paint) =>
          problems.length === 0
            ? [`Nothing is wrong with ${found.name}.`]
            : problems.flatMap((problem) => problemLines(problem, world.now(), paint)),
        )
      }),
    )
}

function problemLines(problem: ProviderProblem, now: number, paint: Paint): string[] {
  const { code, place, detail, since, platforms, next } = problem
  return [
    `${paint('bad', code)}${place === null ? '' : `  ${paint('strong', place)}`}  ${ago(since, now)}  ${tame(detail)}`,
    ...platforms.map(
      ({ name, machines }) =>
        `  ${name}  ${count(machines.length, 'machine')}: ${machines.map(({ member }) => member).join(', ')}`,
    ),
    `  ${paint('quiet', tame(next))}`,
  ]
}
