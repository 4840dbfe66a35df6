// Asking for a platform: first what would happen, then what is happening, at the end what to do next.

import type { Command } from 'commander'
import { ApiProblem } from '../client/api-problem.ts'
import { memberLines, outputLines, readyLine } from '../client/summary.ts'
import type { Task } from '../client/types.ts'
import { waitFor } from '../client/wait.ts'
import { previewLines } from '../preview.ts'
import { progressOf, type Runner, type Session } from '../session.ts'
import { assignments, labels, several } from '../values.ts'

interface CreateOptions {
  readonly blueprint: string
  readonly set?: readonly string[]
  readonly ticket?: string
  readonly label?: readonly string[]
  readonly protect?: boolean
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
    .option('--plan', 'say what would happen and change nothing')
    .option('--wait', 'show progress until it is ready')
    .addHelpText(
      'after',
      '\ne.g. gantry platform create team-a --blueprint swarm --set managers=3 --set workers=2 --wait',
    )
    .action(
      run<CreateOptions>(async (session, { args: [name = ''], options }) => {
        const { api, names, print } = session
        const project = await names.project()
        const body = {
          name,
          blueprint: options.blueprint,
          parameters: assignments(options.set ?? [], await parameterSchema(session, options.blueprint)),
          ticket: options.ticket === undefined ? undefined : (await names.ticket(options.ticket, project.tenant)).id,
          labels: labels(options.label ?? []),
          deletionProtection: options.protect ?? false,
        }
        if (options.plan) {
          const preview = await api.previewPlatform(project.id, body)
          return print.data(preview, (paint) => previewLines(name, project.name, preview, paint))
        }
        const task = await api.createPlatform(project.id, body)
        if (!options.wait) {
          return print.data(task, () => [
            `Platform ${name} is accepted; task ${task.id}.`,
            `Next:  gantry task watch ${task.id}      gantry explain ${name}`,
          ])
        }
        await showReady(session, await waitFor(api, task.id, progressOf(session)))
      }),
    )
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
