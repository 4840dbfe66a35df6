// Providers: the infrastructure that is already there, registered by an infra-admin.

import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import { table } from '../client/table.ts'
import type { Provider } from '../client/types.ts'
import { askSecret } from '../prompt.ts'
import { checkedLine, fieldLines, kindOf, providerLines } from '../provider-lines.ts'
import type { Runner, Session } from '../session.ts'
import { UsageError } from '../usage.ts'
import { assignments, pair, several, written } from '../values.ts'
import { weatherLines } from '../weather-lines.ts'
import { addMaintenance } from './maintenance.ts'
import { addProviderProblems } from './provider-problems.ts'

interface SetOptions {
  readonly set?: readonly string[]
  readonly secret?: readonly string[]
  readonly config?: string
  readonly image?: readonly string[]
  readonly rateLimit?: string
  readonly price?: readonly string[]
}
interface ChangeOptions extends SetOptions {
  readonly acceptIdentity?: string
}
interface AddOptions extends SetOptions {
  readonly kind: string
}

export function addProvider(parent: Command, runner: Runner): void {
  const { run } = runner
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
    .command('weather <provider>')
    .description('how it answers, whether it is left alone, and what waits because of it')
    .action(
      run(async ({ api, names, print, world }, { args: [name = ''] }) => {
        const weather = await api.providerWeather((await names.provider(name)).id)
        print.data(weather, (paint) => weatherLines(weather, world.now(), paint))
      }),
    )
  addMaintenance(provider, runner)
  addProviderProblems(provider, runner)
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
          rateLimit: rateLimitIn(options.rateLimit) ?? null,
          prices: pricesIn(options.price, null) ?? null,
        })
        print.data(made, (paint) => [checkedLine(made), ...providerLines(made, paint)])
      }),
    )
  withSettings(provider.command('set <provider>').description('change its settings; those not named stay'))
    .option(
      '--accept-identity <identity>',
      'its server is still the same one, though it answers with this identity (a renewed certificate)',
    )
    .action(
      run<ChangeOptions>(async (session, { args: [name = ''], options }) => {
        const { api, names, print } = session
        const found = await names.provider(name)
        const images = options.image ? { images: { ...found.images, ...imagesOf(options.image) } } : {}
        const { acceptIdentity } = options
        const rateLimit = rateLimitIn(options.rateLimit)
        const prices = pricesIn(options.price, found.prices)
        const changed = await api.setProvider(found.id, {
          config: await configOf(session, found.kind, options),
          ...images,
          ...(rateLimit === undefined ? {} : { rateLimit }),
          ...(prices === undefined ? {} : { prices }),
          ...(acceptIdentity === undefined ? {} : { acceptIdentity }),
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
    .option('--set <name=value>', 'a setting, =@file for the content of a file; may be given several times', several)
    .option(
      '--secret <name>',
      'a secret setting: asked for, or a line of standard input; name=@file reads a file',
      several,
    )
    .option('--rate-limit <n[,burst]>', 'calls a second at most, and at once after a rest; none for no limit')
    .option(
      '--price <flavor=amount,currency>',
      'what a machine costs an hour, e.g. medium=0.0475,EUR; none for no prices',
      several,
    )
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
  const config = options.config === undefined ? {} : configIn(options.config)
  Object.assign(config, assignments(options.set ?? [], schema))
  for (const secret of options.secret ?? []) {
    if (!secret.includes('=')) config[secret] = await askSecret(secret, world)
    else {
      const [name, value] = pair(secret, '--secret')
      if (!value.startsWith('@'))
        throw new UsageError(`--secret ${name}: give the name alone and be asked, or name=@file.`)
      config[name] = written(value, `--secret ${name}=`)
    }
  }
  return config
}

const configSchema = z.record(z.string(), z.unknown())

function configIn(file: string): Record<string, unknown> {
  try {
    return configSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    const why =
      cause instanceof SyntaxError || (cause instanceof Error && 'code' in cause) ? cause.message : 'no object'
    throw new UsageError(`--config ${file} cannot be used: ${why}.`, { next: 'It is one JSON object.', cause })
  }
}

/** `20` or `20,50`; null for `none`, undefined when not said. */
function rateLimitIn(text: string | undefined): { perSecond: number; burst: number } | null | undefined {
  if (text === undefined) return undefined
  if (text === 'none') return null
  const [perSecond = Number.NaN, burst = Math.max(1, Math.ceil(perSecond))] = text.split(',').map(Number)
  if (!(perSecond > 0) || !Number.isInteger(burst) || burst < 1)
    throw new UsageError(`--rate-limit ${text}: write calls a second, and how many at once, e.g. 20,50; or none.`)
  return { perSecond, burst }
}

/** Added to those there are; null for `none`, undefined when not said. */
function pricesIn(texts: readonly string[] | undefined, before: Provider['prices']): Provider['prices'] | undefined {
  if (texts === undefined) return undefined
  if (texts.length === 1 && texts[0] === 'none') return null
  const given = texts.map((text) => {
    const [flavor, value] = pair(text, '--price')
    const [amount = '', currency] = value.split(',')
    return { text, flavor, amount, currency: currency ?? before?.currency }
  })
  const currency = given[0]?.currency
  const odd = given.find((one) => one.currency === undefined || one.currency !== currency)
  if (odd !== undefined || currency === undefined)
    throw new UsageError(`--price ${odd?.text ?? ''}: write flavor=amount,currency, all in one currency.`)
  // A new currency is a new list: nobody has said what the others cost in it.
  const kept = before?.currency === currency ? before.perHour : {}
  return { currency, perHour: { ...kept, ...Object.fromEntries(given.map((one) => [one.flavor, one.amount])) } }
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
