// Projects: where platforms live, with their shares of the tenant's tickets.

import type { Command } from 'commander'
import { facts, table } from '../client/table.ts'
import type { Paint } from '../client/text.ts'
import type { Project, Ticket } from '../client/types.ts'
import { usageOf } from '../quota-text.ts'
import type { Runner } from '../session.ts'
import { labels, limits, several } from '../values.ts'

interface ShareOptions {
  readonly label?: readonly string[]
  readonly ticket?: string
  readonly limit?: readonly string[]
}

export function addProject(parent: Command, { run }: Runner): void {
  const project = parent
    .command('project')
    .description('where platforms live; it draws a share of its tenant’s tickets')
  project
    .command('list')
    .description('those of the tenant, or all you may see')
    .action(
      run(async ({ api, names, print, settings }) => {
        const projects = await api.projects(settings.tenant === undefined ? {} : { tenant: (await names.tenant()).id })
        print.data(projects, (paint) =>
          table(
            ['NAME', 'ID', 'SHARES'],
            projects.map((p) => [p.name, p.id, p.shares.map((s) => s.ticketName).join(', ')]),
            paint,
          ),
        )
      }),
    )
  project
    .command('show [project]')
    .description('one, with what it has used of its shares')
    .action(
      run(async ({ names, print }, { args: [name] }) => {
        const found = await names.project(name)
        print.data(found, (paint) => projectLines(found, paint))
      }),
    )
  project
    .command('create <name>')
    .description('make one, with a share of a ticket')
    .option('--ticket <ticket>', 'the ticket it draws from')
    .option('--limit <key=amount>', 'how much of a key; without any, all that the ticket has', several)
    .option('--label <name=value>', 'a label; may be given several times', several)
    .action(
      run<ShareOptions>(async ({ api, names, print }, { args: [name = ''], options }) => {
        const owner = await names.tenant()
        const ticket = options.ticket === undefined ? undefined : await names.ticket(options.ticket)
        const shares = ticket
          ? [{ ticket: ticket.id, limits: options.limit ? limits(options.limit) : whole(ticket) }]
          : []
        const made = await api.createProject(owner.id, { name, labels: labels(options.label ?? []), shares })
        print.data(made, (paint) => [
          `Project ${made.name} is made in tenant ${owner.name}.`,
          ...projectLines(made, paint).slice(1),
        ])
      }),
    )
  project
    .command('share <project>')
    .description('set what it may draw from a ticket: exactly this')
    .requiredOption('--ticket <ticket>', 'the ticket')
    .option('--limit <key=amount>', 'how much of a key; without any, all that the ticket has', several)
    .action(
      run<ShareOptions>(async ({ api, names, print }, { args: [name], options }) => {
        const found = await names.project(name)
        const ticket = await names.ticket(options.ticket ?? '', found.tenant)
        const changed = await api.setShare(found.id, ticket.id, {
          limits: options.limit ? limits(options.limit) : whole(ticket),
        })
        print.data(changed, (paint) => projectLines(changed, paint))
      }),
    )
  project
    .command('delete <project>')
    .description('remove one that has no platforms')
    .action(
      run(async ({ api, names, print }, { args: [name] }) => {
        const found = await names.project(name)
        await api.deleteProject(found.id)
        print.say(`Project ${found.name} is gone.`)
      }),
    )
}

function projectLines(project: Project, paint: Paint): string[] {
  return [
    `${paint('strong', project.name)}  ${project.id}`,
    ...project.shares.flatMap((share) => [
      `share of ticket ${share.ticketName}`,
      ...facts(
        Object.entries(share.limits).map(([key, amount]) => [key, usageOf(key, amount)]),
        paint,
      ),
    ]),
  ]
}

function whole(ticket: Ticket): Record<string, number | 'unlimited'> {
  return Object.fromEntries(Object.entries(ticket.limits).map(([key, { limit }]) => [key, limit]))
}
