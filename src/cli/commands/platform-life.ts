// Going on with a platform: one that was stopped by a cancel, and one that is blocked.

import type { Command } from 'commander'
import { usualTime } from '../client/duration.ts'
import { deletedLines } from '../client/summary.ts'
import type { Task } from '../client/types.ts'
import { waitFor } from '../client/wait.ts'
import { progressOf, type Runner, type Session } from '../session.ts'
import { showReady } from './platform-create.ts'

interface WaitOptions {
  readonly wait?: boolean
}

export function addPlatformLife(platform: Command, { run }: Runner): void {
  platform
    .command('resume <platform>')
    .description('go on with one that is held after a cancel, or paused')
    .option('--wait', 'show progress until it is ready')
    .action(
      run<WaitOptions>(async (session, { args: [name = ''], options }) => {
        const task = await session.api.resumePlatform(await session.names.platformId(name))
        await showGoingOn(session, task, options)
      }),
    )
  platform
    .command('retry <platform>')
    .description('try at once what is blocked, once its cause is mended')
    .option('--wait', 'show progress until it is ready')
    .action(
      run<WaitOptions>(async (session, { args: [name = ''], options }) => {
        const task = await session.api.retryPlatform(await session.names.platformId(name))
        await showGoingOn(session, task, options)
      }),
    )
}

/** A task that goes on: followed to its end with `wait`, else how to follow it. */
export async function showGoingOn(session: Session, task: Task, options: WaitOptions): Promise<void> {
  const { api, print } = session
  if (!options.wait) {
    return print.data(task, () => [
      `Platform ${task.target.name} goes on; task ${task.id}.${task.usual ? ` It usually takes ${usualTime(task.usual)}.` : ''}`,
      `Next:  gantry task watch ${task.id}      gantry explain ${task.target.name}`,
    ])
  }
  const ended = await waitFor(api, task.id, progressOf(session))
  if (ended.kind !== 'platform.delete') return showReady(session, ended)
  const receipt = ended.receipt ? await api.receipt(ended.receipt) : undefined
  print.data(receipt ?? ended, (paint) => deletedLines(ended, receipt, paint))
}
