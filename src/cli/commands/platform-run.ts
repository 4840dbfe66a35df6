// Running an operation of a platform's blueprint: first what would happen, then what is happening, at the end what came of it.

import type { Command } from 'commander'
import { duration } from '../client/duration.ts'
import { operationOutputLines } from '../client/summary.ts'
import type { OperationPreview, Task } from '../client/types.ts'
import { waitFor } from '../client/wait.ts'
import { progressOf, type Runner, type Session } from '../session.ts'
import { assignments, several } from '../values.ts'

interface RunOptions {
  readonly set?: readonly string[]
  readonly plan?: boolean
  readonly wait?: boolean
}

export function addPlatformRun(platform: Command, { run }: Runner): void {
  platform
    .command('run <platform> <operation>')
    .description('run an operation of its blueprint, once; see  gantry blueprint show')
    .option('--set <parameter=value>', 'a parameter of the operation; may be given several times', several)
    .option('--plan', 'say what would happen and change nothing')
    .option('--wait', 'show progress until it is done')
    .addHelpText('after', '\ne.g. gantry platform run team-a rotate-join-tokens --set role=worker --wait')
    .action(
      run<RunOptions>(async (session, { args: [name = '', operation = ''], options }) => {
        const { api, names, print } = session
        const found = await names.platform(name)
        const schema = await parameterSchema(session, found.blueprint, operation)
        const body = { operation, parameters: assignments(options.set ?? [], schema) }
        if (options.plan) {
          const preview = await api.previewOperation(found.id, body)
          return print.data(preview, () => previewLines(found.name, preview))
        }
        const task = await api.runOperation(found.id, body)
        await showOperation(session, task, options.wait ?? false)
      }),
    )
}

/** The task of an operation: followed to its end with `wait`, else how to follow it. */
export async function showOperation(session: Session, task: Task, wait: boolean): Promise<void> {
  const { api, print } = session
  const { operation, target } = task
  if (!wait) {
    return print.data(task, () => [
      `Operation ${operation} of ${target.name} is accepted; task ${task.id}.`,
      `Next:  gantry task watch ${task.id}`,
    ])
  }
  const ended = await waitFor(api, task.id, progressOf(session))
  print.data(ended, (paint) => [
    `operation ${paint('strong', operation ?? '')} of ${target.name}  ${paint('good', 'done')} in ${duration((ended.seconds ?? 0) * 1000)}`,
    ...operationOutputLines(ended, paint),
  ])
}

/** The JSON Schema of the operation's parameters; of an unknown one none, and the server says what there is. */
async function parameterSchema({ api }: Session, blueprint: string, operation: string): Promise<unknown> {
  const { operations } = await api.blueprint(blueprint)
  return operations.find((each) => each.name === operation)?.parameters
}

function previewLines(name: string, preview: OperationPreview): string[] {
  const rows = Map.groupBy(preview.steps, (step) => step.name)
  const parameters = Object.entries(preview.parameters).map(([key, value]) => `${key}=${String(value)}`)
  return [
    `Plan for operation ${preview.operation} of ${name}  (${preview.mode})`,
    ...(parameters.length > 0 ? [`  with  ${parameters.join('  ')}`] : []),
    ...[...rows].map(([step, runs]) => `  ${step}  ${runs.length === 1 ? 'once' : `on ${runs.length} members`}`),
    'Nothing was changed.',
  ]
}
