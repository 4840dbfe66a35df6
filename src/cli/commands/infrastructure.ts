// What providers offer: hosts and zones with their capacity, flavors, images.

import type { Command } from 'commander'
import { bytes } from '../client/duration.ts'
import { table } from '../client/table.ts'
import type { Host } from '../client/types.ts'
import type { Runner } from '../session.ts'

export function addInfrastructure(parent: Command, { run }: Runner): void {
  parent
    .command('host')
    .description('hosts and what is free on them')
    .command('list', { isDefault: true })
    .description('all of them')
    .action(
      run(async ({ api, print }) => {
        const hosts = await api.hosts()
        print.data(hosts, (paint) =>
          table(
            ['HOST', 'STATE', 'MACHINES', 'CPU FREE', 'MEMORY FREE', 'DISK FREE'],
            hosts.map((host) => [
              `${host.providerName}/${host.zone}/${host.name}`,
              host.state,
              host.machines,
              ...freeOf(host),
            ]),
            paint,
          ),
        )
      }),
    )
  parent
    .command('zone')
    .description('zones, the failure domains')
    .command('list', { isDefault: true })
    .description('all of them')
    .action(
      run(async ({ api, print }) => {
        const zones = await api.zones()
        print.data(zones, (paint) =>
          table(
            ['ZONE', 'HOSTS READY', 'MACHINES', 'CPU FREE', 'MEMORY FREE', 'DISK FREE'],
            zones.map((zone) => [
              `${zone.providerName}/${zone.name}`,
              `${zone.hostsReady} of ${zone.hosts}`,
              zone.machines,
              ...freeOf(zone),
            ]),
            paint,
          ),
        )
      }),
    )
  parent
    .command('flavor')
    .description('sizes of machines')
    .command('list', { isDefault: true })
    .description('all of them')
    .action(
      run(async ({ api, print }) => {
        const items = await api.flavors()
        print.data(items, (paint) =>
          table(
            ['NAME', 'CPU', 'MEMORY', 'DISK', 'PRICE PER HOUR'],
            items.map((f) => [
              f.name,
              f.cpu,
              bytes(f.memoryBytes),
              bytes(f.diskBytes),
              f.prices.map((price) => `${price.amount} ${price.currency} (${price.providerName})`).join(', ') || '-',
            ]),
            paint,
          ),
        )
      }),
    )
  parent
    .command('image')
    .description('images and which provider has them')
    .command('list', { isDefault: true })
    .description('all of them')
    .action(
      run(async ({ api, print }) => {
        const items = await api.images()
        print.data(items, (paint) =>
          table(
            ['NAME', 'PROVIDERS'],
            items.map((image) => [image.name, image.providers.map((p) => p.providerName).join(', ')]),
            paint,
          ),
        )
      }),
    )
}

function freeOf({ free }: Pick<Host, 'free'>): string[] {
  if (free === null) return ['unknown', 'unknown', 'unknown']
  return [String(free.cpu), bytes(free.memoryBytes), bytes(free.diskBytes)]
}
