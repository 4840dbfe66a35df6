// Providers: the infrastructure that is already there, registered by an infra-admin.

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { duration } from '../client/duration.ts'
import { facts, table } from '../client/table.ts'
import { count, type Paint } from '../client/text.ts'
import type { Provider } from '../client/types.ts'
import { askSecret } from '../prompt.ts'
import type { Runner, Session } from '../session.ts'
import { UsageError } from '../usage.ts'
import { assignments, pair, several } from '../values.ts'

interface SetOptions {
  readonly set?: readonly string[]
  readonly secret?: readonly string[]
  readonly config?: string
  readonly image?: readonly string[]
}
interface AddOptions extends SetOptions {
  readonly kind: string
}

export function addProvider(parent: Command, { run }: Runner): void {
  const provider = parent.command('provider').description('infrastructure: one vCenter, one region, one cluster')
  provider
    .command('list')
    .description('all of them and how they are')
    .action(
      run(async ({ api, print }) => {
        const providers = await api.providers()
        print.data(providers, (paint) =>
          table(
            ['NAME', 'KIND', 'STATE', 'ZONES', 'MACHINES', 'REASON'],
            providers.map((p) => [
              p.name,
              kindOf(p),
              p.state,
              p.zones.map((z) => z.name).join(', '),
              p.machines,
              p.stateReason ?? ' ',
            ]),
            paint,
          ),
        )
      }),
    )
  provider
    .command('show <provider>')
    .description('one, with its zones and what it can do')
    .action(
      run(async ({ names, print }, { args: [name = ''] }) => {
        const found = await names.provider(name)
        print.data(found, (paint) => providerLines(found, paint))
      }),
    )
  provider
    .command('kinds')
    .description('which kinds there are and what they ask for')
    .action(
      run(async ({ api, print }) => {
        const items = await api.providerKinds()
        print.data(items, (paint) =>
          items.flatMap((kind) => [
            `${paint('strong', kind.kind)}${kind.simulated ? '  (its machines are simulated)' : ''}`,
            ...fieldLines(kind.config, paint),
          ]),
        )
      }),
    )
  withSettings(
    provider.command('add <name>').alias('create').description('register one; it is checked before it is kept'),
  )
    .requiredOption('--kind <kind>', 'see  gantry provider kinds')
    .action(
      run<AddOptions>(async (session, { args: [name = ''], options }) => {
        const { api, print } = session
        const config = await configOf(session, options.kind, options)
        const made = await api.createProvider({
          name,
          kind: options.kind,
          config,
          images: imagesOf(options.image ?? []),
        })
        print.data(made, (paint) => [checkedLine(made), ...providerLines(made, paint)])
      }),
    )
  withSettings(provider.command('set <provider>').description('change its settings; those not named stay')).action(
    run<SetOptions>(async (session, { args: [name = ''], options }) => {
      const { api, names, print } = session
      const found = await names.provider(name)
      const images = options.image ? { images: { ...found.images, ...imagesOf(options.image) } } : {}
      const changed = await api.setProvider(found.id, {
        config: await configOf(session, found.kind, options),
        ...images,
      })
      print.data(changed, (paint) => [checkedLine(changed), ...providerLines(changed, paint)])
    }),
  )
  provider
    .command('delete <provider>')
    .description('forget one that has no machines of ours')
    .action(
      run(async ({ api, names, print }, { args: [name = ''] }) => {
        const found = await names.provider(name)
        await api.deleteProvider(found.id)
        print.say(`Provider ${found.name} is gone.`)
      }),
    )
}

function withSettings(command: Command): Command {
  return command
    .option('--set <name=value>', 'a setting; may be given several times', several)
    .option('--secret <name>', 'a secret setting: asked for, or read from standard input', several)
    .option('--config <file>', 'all settings as JSON in a file')
    .option(
      '--image <name=ref,user>',
      'where it has an image and who logs in, e.g. debian-12=images:debian/12,root',
      several,
    )
}

async function configOf({ api, world }: Session, kind: string, options: SetOptions): Promise<Record<string, unknown>> {
  const items = await api.providerKinds()
  const schema = items.find((item) => item.kind === kind)?.config
  const config: Record<string, unknown> = options.config ? JSON.parse(readFileSync(options.config, 'utf8')) : {}
  Object.assign(config, assignments(options.set ?? [], schema))
  for (const name of options.secret ?? []) config[name] = await askSecret(name, world)
  return config
}

function imagesOf(texts: readonly string[]): Record<string, { ref: string; user: string }> {
  return Object.fromEntries(
    texts.map((text) => {
      const [name, value] = pair(text, '--image')
      const at = value.lastIndexOf(',')
      if (at <= 0) throw new UsageError(`--image ${text}: write name=ref,user.`)
      return [name, { ref: value.slice(0, at), user: value.slice(at + 1) }]
    }),
  )
}

function checkedLine({ health, zones, kind }: Provider): string {
  const hosts = zones.reduce((sum, zone) => sum + zone.hosts, 0)
  const rights = health?.missingRights ?? []
  return `checked: ${kind} ${health?.version ?? ''}, ${count(zones.length, 'zone')}, ${count(hosts, 'host')}; rights ${rights.length === 0 ? 'ok' : `missing: ${rights.join('; ')}`}`
}

function providerLines(provider: Provider, paint: Paint): string[] {
  const { health } = provider
  const tone = provider.state === 'healthy' ? 'good' : 'bad'
  return [
    `${paint('strong', provider.name)}  ${kindOf(provider)} ${health?.version ?? ''}  ${paint(tone, provider.state)}${provider.stateReason ? `: ${provider.stateReason}` : ''}    ${count(provider.machines, 'machine')}`,
    ...provider.zones.map((zone) => {
      const used =
        zone.capacity && zone.free
          ? `   memory ${percent(zone.capacity.memoryBytes, zone.free.memoryBytes)} used   cpu ${percent(zone.capacity.cpu, zone.free.cpu)} used`
          : ''
      return `  ${zone.name}  ${zone.hostsReady} of ${count(zone.hosts, 'host')} ready${used}`
    }),
    ...facts(
      [
        [
          'images',
          Object.entries(provider.images)
            .map(([name, { ref }]) => `${name} (${ref})`)
            .join(', '),
        ],
        ['latency', health && duration(health.latencyMs)],
      ],
      paint,
    ),
  ]
}

function fieldLines(schema: Readonly<Record<string, unknown>>, paint: Paint): string[] {
  const required = Array.isArray(schema.required) ? schema.required : []
  return facts(
    Object.entries(Object(schema.properties)).map(([name, field]) => {
      const { type, description, secret, default: preset } = Object(field)
      const parts = [
        type,
        secret && 'secret',
        required.includes(name) && 'required',
        preset !== undefined && `default ${JSON.stringify(preset)}`,
        description,
      ]
      return [name, parts.filter(Boolean).join(', ')]
    }),
    paint,
  )
}

function kindOf(provider: Provider): string {
  return provider.simulated && provider.kind !== 'simulated' ? `${provider.kind} (simulated machines)` : provider.kind
}

function percent(whole: number, free: number): string {
  return whole === 0 ? '-' : `${Math.round((100 * (whole - free)) / whole)} %`
}
