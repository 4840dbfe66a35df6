// Taking a platform away: done when the receipt says that everything was observed gone.

import type { Command } from 'commander'
import { deletedLines } from '../client/summary.ts'
import { waitFor } from '../client/wait.ts'
import { progressOf, type Runner } from '../session.ts'

interface DeleteOptions {
  readonly wait?: boolean
}

export function addPlatformDelete(platform: Command, { run }: Runner): void {
  platform
    .command('delete <platform>')
    .description('take it away, from whatever state it is in')
    .option('--wait', 'show progress until all of it is observed gone')
    .action(
      run<DeleteOptions>(async (session, { args: [name = ''], options }) => {
        const { api, names, print } = session
        const task = await api.deletePlatform(await names.platformId(name))
        if (!options.wait) {
          return print.data(task, () => [
            `Platform ${task.target.name} is being deleted; task ${task.id}.`,
            `Next:  gantry task watch ${task.id}`,
          ])
        }
        const ended = await waitFor(api, task.id, progressOf(session))
        const receipt = ended.receipt ? await api.receipt(ended.receipt) : undefined
        print.data(receipt ?? ended, (paint) => deletedLines(ended, receipt, paint))
      }),
    )
}
