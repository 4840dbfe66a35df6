// Tickets: named grants of limits to a tenant.

import type { Command } from 'commander'
import { facts, table } from '../client/table.ts'
import type { Paint } from '../client/text.ts'
import type { Ticket } from '../client/types.ts'
import { usageOf } from '../quota-text.ts'
import type { Runner } from '../session.ts'
import { UsageError } from '../usage.ts'
import { limits, several } from '../values.ts'

interface LimitOptions {
  readonly limit?: readonly string[]
}

export function addTicket(parent: Command, { run }: Runner): void {
  const ticket = parent.command('ticket').description('named grants of limits to a tenant')
  ticket
    .command('list')
    .description('those of a tenant')
    .action(
      run(async ({ api, names, print }) => {
        const tickets = await api.tickets((await names.tenant()).id)
        print.data(tickets, (paint) =>
          table(
            ['NAME', 'ID', 'LIMITS'],
            tickets.map((t) => [t.name, t.id, limitsLine(t)]),
            paint,
          ),
        )
      }),
    )
  ticket
    .command('show <ticket>')
    .description('one, with what is used and who draws from it')
    .action(
      run(async ({ names, print }, { args: [name = ''] }) => {
        const found = await names.ticket(name)
        print.data(found, (paint) => ticketLines(found, paint))
      }),
    )
  ticket
    .command('create <name>')
    .description('grant limits; a key that is not named grants nothing')
    .option('--limit <key=amount>', 'e.g. vm.count=12, vm.memory=64GiB, disk.capacity=unlimited', several)
    .action(
      run<LimitOptions>(async ({ api, names, print }, { args: [name = ''], options }) => {
        if (!options.limit)
          throw new UsageError('A ticket needs at least one --limit.', {
            next: '--limit vm.count=12 --limit vm.memory=64GiB',
          })
        const owner = await names.tenant()
        const made = await api.createTicket(owner.id, { name, limits: limits(options.limit) })
        print.data(made, (paint) => [
          `Ticket ${made.name} is granted to tenant ${owner.name}.`,
          ...ticketLines(made, paint).slice(1),
          `Next:  gantry project create shop --tenant ${owner.name} --ticket ${made.name}`,
        ])
      }),
    )
  ticket
    .command('set <ticket>')
    .description('change limits; keys that are not named stay')
    .option('--limit <key=amount>', 'the new amount of a key', several)
    .action(
      run<LimitOptions>(async ({ api, names, print }, { args: [name = ''], options }) => {
        if (!options.limit) throw new UsageError('Say what to change.', { next: '--limit vm.count=12' })
        const found = await names.ticket(name)
        const changed = await api.setTicket(found.id, { limits: limits(options.limit) })
        print.data(changed, (paint) => ticketLines(changed, paint))
      }),
    )
  ticket
    .command('delete <ticket>')
    .description('take it back; only when nothing is used of it')
    .action(
      run(async ({ api, names, print }, { args: [name = ''] }) => {
        const found = await names.ticket(name)
        await api.deleteTicket(found.id)
        print.say(`Ticket ${found.name} is gone.`)
      }),
    )
}

function ticketLines(ticket: Ticket, paint: Paint): string[] {
  return [
    `${paint('strong', ticket.name)}  ${ticket.id}`,
    ...facts(
      Object.entries(ticket.limits).map(([key, amount]) => [key, usageOf(key, amount)]),
      paint,
    ),
    ...ticket.shares.map((share) => `  share of project ${share.projectName}: ${limitsLine(share)}`),
  ]
}

function limitsLine({ limits }: Pick<Ticket, 'limits'>): string {
  return Object.entries(limits)
    .map(([key, amount]) => `${key} ${usageOf(key, amount)}`)
    .join('; ')
}
