// Platforms at rest: left alone, or with their machines stopped.

import type { Command } from 'commander'
import type { WakePreview } from '../client/types.ts'
import { waitFor } from '../client/wait.ts'
import { progressOf, type Runner } from '../session.ts'
import { showGoingOn } from './platform-life.ts'

interface PlanOptions {
  readonly plan?: boolean
  readonly wait?: boolean
}

export function addPlatformRest(platform: Command, { run }: Runner): void {
  platform
    .command('pause <platform>')
    .description('leave it alone until it is resumed; problems are still reported')
    .action(
      run(async ({ api, names, print }, { args: [name = ''] }) => {
        const paused = await api.pausePlatform(await names.platformId(name))
        print.data(paused, () => [
          `Platform ${paused.name} is ${paused.state}.`,
          `Next:  gantry platform resume ${paused.name}`,
        ])
      }),
    )
  platform
    .command('hibernate <platform>')
    .description('stop its machines; its addresses and quota are kept')
    .option('--plan', 'show which machines would be stopped, in order, and change nothing')
    .option('--wait', 'show progress until they are stopped')
    .action(
      run<PlanOptions>(async (session, { args: [name = ''], options }) => {
        const { api, names, print } = session
        const id = await names.platformId(name)
        if (options.plan) {
          const { machines } = await api.previewHibernation(id)
          const stops = machines.map((member) => `stop  ${member}`)
          const lines = stops.length === 0 ? ['Its machines are stopped already.'] : stops
          return print.data({ machines }, () => [...lines, 'Nothing was changed.'])
        }
        const task = await api.hibernatePlatform(id)
        if (!options.wait) return print.data(task, () => asked(task, 'wake'))
        const ended = await waitFor(api, task.id, progressOf(session))
        print.data(ended, () => [`Platform ${ended.target.name} is hibernated.`, `Next:  gantry platform wake ${name}`])
      }),
    )
  platform
    .command('wake <platform>')
    .description('start the machines of one that is hibernated')
    .option('--plan', 'show what would start, who would be made anew, what is in the way, and change nothing')
    .option('--wait', 'show progress until it is ready')
    .action(
      run<PlanOptions>(async (session, { args: [name = ''], options }) => {
        const id = await session.names.platformId(name)
        if (options.plan) {
          const preview = await session.api.previewWaking(id)
          return session.print.data(preview, () => wakingLines(preview))
        }
        const task = await session.api.wakePlatform(id)
        await showGoingOn(session, task, options)
      }),
    )
}

function wakingLines({ machines, replaced, inTheWay }: WakePreview): string[] {
  return [
    ...machines.map((member) => `start  ${member}`),
    ...replaced.map(({ member, providerName, zone, host, why }) => {
      const place = [providerName, zone, host].filter((part) => part !== null).join('/')
      return place === '' ? `stuck  ${member}  ${why}` : `anew   ${member}  at ${place}: ${why}`
    }),
    ...inTheWay.map((trouble) => `in the way: ${trouble}`),
    'Nothing was changed.',
  ]
}

function asked(task: { readonly id: string; readonly target: { readonly name: string } }, undo: string): string[] {
  return [
    `The machines of ${task.target.name} are being stopped; task ${task.id}.`,
    `Next:  gantry task watch ${task.id}      gantry platform ${undo} ${task.target.name}`,
  ]
}
