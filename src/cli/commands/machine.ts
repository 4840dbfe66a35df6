// Machines: made by platforms, looked at here.

import { type Command, Option } from 'commander'
import { type MachineState, machineStates } from '../../kernel/states.ts'
import { bytes, duration } from '../client/duration.ts'
import { facts, table } from '../client/table.ts'
import type { Paint } from '../client/text.ts'
import type { Machine } from '../client/types.ts'
import type { Runner } from '../session.ts'

interface ListOptions {
  readonly platform?: string
  readonly state?: MachineState
}

export function addMachine(parent: Command, { run }: Runner): void {
  const machine = parent.command('machine').description('the machines of platforms')
  machine
    .command('list')
    .description('all you may see')
    .option('--platform <platform>', 'only those of one platform')
    .addOption(new Option('--state <state>', 'only those in this state').choices(machineStates))
    .action(
      run<ListOptions>(async ({ api, names, print }, { options }) => {
        const platform = options.platform === undefined ? undefined : await names.platformId(options.platform)
        const machines = await api.machines({ platform, state: options.state })
        print.data(machines, (paint) =>
          table(
            ['MACHINE', 'STATE', 'WHERE', 'ADDRESS', 'SIZE', 'ID'],
            machines.map((m) => [
              `${m.platformName}/${m.member}`,
              m.simulated ? `${m.state} (simulated)` : m.state,
              [m.providerName, m.zone, m.host].filter(Boolean).join('/'),
              m.address,
              `${m.cpu} cpu, ${bytes(m.memoryBytes)}`,
              m.id,
            ]),
            paint,
          ),
        )
      }),
    )
  machine
    .command('show <machine>')
    .description('one, by id or as platform/member')
    .action(
      run(async ({ names, print, world }, { args: [name = ''] }) => {
        const found = await names.machine(name)
        print.data(found, (paint) => machineLines(found, world.now(), paint))
      }),
    )
}

function machineLines(machine: Machine, now: number, paint: Paint): string[] {
  const tone = machine.state === 'ready' ? 'good' : 'busy'
  return [
    `${paint('strong', `${machine.platformName}/${machine.member}`)}  ${paint(tone, machine.state)} since ${duration(now - Date.parse(machine.stateSince))}${machine.simulated ? '  (simulated)' : ''}`,
    ...facts(
      [
        ['id', machine.id],
        ['where', [machine.providerName, machine.zone, machine.host].filter(Boolean).join('/')],
        ['address', machine.address],
        ['ssh', machine.endpoints.map(({ address, port }) => `${machine.loginUser}@${address}:${port}`).join(', ')],
        ['size', `${machine.cpu} cpu, ${bytes(machine.memoryBytes)} memory, ${bytes(machine.diskBytes)} disk`],
        ['incarnation', machine.incarnation],
        ['host key', machine.hostKey],
        ['its own id', machine.nativeRef],
        ['gone', machine.goneAt],
      ],
      paint,
    ),
    `Next:  gantry ssh ${machine.platformName}/${machine.member}      gantry history ${machine.platformName}/${machine.member}`,
  ]
}
