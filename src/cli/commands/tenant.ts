// Tenants: who has projects and quota of their own.

import type { Command } from 'commander'
import { ago } from '../client/duration.ts'
import { facts, table } from '../client/table.ts'
import type { Runner } from '../session.ts'
import { labels, several } from '../values.ts'

interface Labelled {
  readonly label?: readonly string[]
}

export function addTenant(parent: Command, { run }: Runner): void {
  const tenant = parent.command('tenant').description('who has projects and quota of their own')
  tenant
    .command('list')
    .description('all you may see')
    .action(
      run(async ({ api, print, world }) => {
        const tenants = await api.tenants()
        print.data(tenants, (paint) =>
          table(
            ['NAME', 'ID', 'AGE'],
            tenants.map((t) => [t.name, t.id, ago(t.createdAt, world.now())]),
            paint,
          ),
        )
      }),
    )
  tenant
    .command('show [tenant]')
    .description('one, with its tickets and projects')
    .action(
      run(async ({ api, names, print }, { args: [name] }) => {
        const found = await names.tenant(name)
        const [tickets, projects] = await Promise.all([api.tickets(found.id), api.projects({ tenant: found.id })])
        print.data({ ...found, tickets, projects }, (paint) => [
          `${paint('strong', found.name)}  ${found.id}`,
          ...facts(
            [
              ['projects', list(projects)],
              ['tickets', list(tickets)],
              ['since', found.createdAt],
            ],
            paint,
          ),
        ])
      }),
    )
  tenant
    .command('create <name>')
    .description('make one')
    .option('--label <name=value>', 'a label; may be given several times', several)
    .action(
      run<Labelled>(async ({ api, print }, { args: [name = ''], options }) => {
        const made = await api.createTenant({ name, labels: labels(options.label ?? []) })
        print.data(made, () => [
          `Tenant ${made.name} is made.`,
          `Next:  gantry ticket create gold --tenant ${made.name} --limit vm.count=12 ...`,
        ])
      }),
    )
  tenant
    .command('delete <tenant>')
    .description('remove one that has no projects')
    .action(
      run(async ({ api, names, print }, { args: [name] }) => {
        const found = await names.tenant(name)
        await api.deleteTenant(found.id)
        print.say(`Tenant ${found.name} is gone.`)
      }),
    )
}

function list(named: readonly { name: string }[]): string {
  return named.map(({ name }) => name).join(', ') || 'none'
}
