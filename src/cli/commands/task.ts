// Tasks: requests, as their senders follow them.

import { writeFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { type TaskState, taskStates } from '../../kernel/states.ts'
import { ago, duration } from '../client/duration.ts'
import { doing, showTask } from '../client/live.ts'
import { sizeOf } from '../client/screen.ts'
import { operationOutputLines } from '../client/summary.ts'
import { table } from '../client/table.ts'
import { tree } from '../client/tree.ts'
import { waitFor } from '../client/wait.ts'
import { progressOf, type Runner } from '../session.ts'
import { showGoingOn } from './platform-life.ts'
import { showOperation } from './platform-run.ts'

interface ListOptions {
  readonly state?: TaskState
  readonly platform?: string
}

export function addTask(parent: Command, { run }: Runner): void {
  const task = parent.command('task').description('requests under way and past')
  task
    .command('list')
    .description('all you may see, newest first')
    .option('--platform <platform>', 'only those of one platform')
    .addOption(new Option('--state <state>', 'only those in this state').choices(taskStates))
    .action(
      run<ListOptions>(async ({ api, names, print, world }, { options }) => {
        const platform = options.platform === undefined ? undefined : await names.platformId(options.platform)
        const tasks = await api.tasks({ platform, state: options.state })
        print.data(tasks, (paint) =>
          table(
            ['ID', 'KIND', 'PLATFORM', 'STATE', 'TOOK', 'ASKED', 'BY'],
            tasks.map((t) => [
              t.id,
              t.operation ?? t.kind,
              t.target.name,
              t.state,
              t.seconds === null ? null : duration(t.seconds * 1000),
              ago(t.createdAt, world.now()),
              t.actor,
            ]),
            paint,
          ),
        )
      }),
    )
  task
    .command('export <task>')
    .description('its journal as a file, without secrets, for  gantry replay  and for reports of bugs')
    .option('--to <file>', 'where to; standard output when not given')
    .action(
      run<{ readonly to?: string }>(async ({ api, names, print, world }, { args: [id = ''], options }) => {
        const text = await (await api.taskJournal(names.task(id))).text()
        if (options.to === undefined) {
          world.out.write(text)
          return
        }
        writeFileSync(options.to, text, { mode: 0o600 })
        print.data({ file: options.to }, () => [`Written to ${options.to}.`, `Next:  gantry replay ${options.to}`])
      }),
    )
  task
    .command('show <task>')
    .description('one, with its steps')
    .action(
      run(async ({ api, names, print, world }, { args: [id = ''] }) => {
        const found = await api.task(names.task(id))
        const at = found.endedAt ? Date.parse(found.endedAt) : world.now()
        print.data(found, (paint) => [
          ...tree(found, doing(found), at, { columns: sizeOf(world.out).columns, lines: 1000, paint }),
          ...operationOutputLines(found, paint),
        ])
      }),
    )
  task
    .command('cancel <task>')
    .description('begin nothing more of it; what runs may end, and the platform is held')
    .action(
      run(async ({ api, print }, { args: [id = ''] }) => {
        const cancelled = await api.cancelTask(id)
        const { name } = cancelled.target
        print.data(cancelled, () =>
          cancelled.operation === null
            ? [
                `Task ${cancelled.id} is cancelled; platform ${name} is held as it is.`,
                `Next:  gantry platform resume ${name}      gantry platform delete ${name}`,
              ]
            : [
                `Operation ${cancelled.operation} of ${name} is cancelled; what runs of it may end.`,
                `Next:  gantry task retry ${cancelled.id}`,
              ],
        )
      }),
    )
  task
    .command('retry <task>')
    .description('try again: what blocks it, or an operation that failed')
    .option('--wait', 'show progress to its end')
    .action(
      run<{ wait?: boolean }>(async (session, { args: [id = ''], options }) => {
        const again = await session.api.retryTask(id)
        if (again.operation !== null) await showOperation(session, again, options.wait ?? false)
        else await showGoingOn(session, again, options)
      }),
    )
  task
    .command('output <task> <name>')
    .description('one output of an operation, also a secret one')
    .action(
      run(async ({ api, print }, { args: [id = '', name = ''] }) => {
        const output = await api.taskOutput(id, name)
        print.data(output, () => [typeof output.value === 'string' ? output.value : JSON.stringify(output.value)])
      }),
    )
  task
    .command('watch <task>')
    .description('follow one to its end, also while it is blocked')
    .action(
      run(async (session, { args: [id = ''] }) => {
        const ended = await showTask(session.api, session.names.task(id), progressOf(session))
        session.print.data(ended, () => [
          `task ${ended.id}  ${ended.state} after ${duration((ended.seconds ?? 0) * 1000)}`,
        ])
      }),
    )
  task
    .command('wait <task>')
    .description('follow one until it is done; exit code 1 when it ends otherwise or a person must act')
    .action(
      run(async (session, { args: [id = ''] }) => {
        const ended = await waitFor(session.api, session.names.task(id), progressOf(session))
        session.print.data(ended, () => [
          `task ${ended.id}  ${ended.state} after ${duration((ended.seconds ?? 0) * 1000)}`,
        ])
      }),
    )
}
