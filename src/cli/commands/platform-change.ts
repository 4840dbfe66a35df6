// Changing what a platform is to be: each command shows with --plan what it would do.

import type { Command } from 'commander'
import { ago } from '../client/duration.ts'
import { table } from '../client/table.ts'
import type { Platform, PlatformDifference, Task } from '../client/types.ts'
import { differenceLines } from '../difference.ts'
import type { Runner, Session } from '../session.ts'
import { UsageError } from '../usage.ts'
import { assignments, pair, several } from '../values.ts'
import { showGoingOn } from './platform-life.ts'

interface Options {
  readonly set?: readonly string[]
  readonly blueprint?: string
  readonly to?: string
  readonly plan?: boolean
  readonly wait?: boolean
}

const planOption = ['--plan', 'say what would happen and change nothing'] as const
const waitOption = ['--wait', 'show progress until it is through'] as const

export function addPlatformChange(platform: Command, { run }: Runner): void {
  platform
    .command('change <platform>')
    .description('other parameters')
    .option('--set <parameter=value>', 'a parameter of the blueprint; may be given several times', several)
    .option(...planOption)
    .option(...waitOption)
    .addHelpText('after', '\ne.g. gantry platform change team-a --set workers=5 --plan')
    .action(
      run<Options>(async (session, { args: [name = ''], options }) => {
        if (!options.set?.length) throw new UsageError('Say what to change.', { next: '--set parameter=value' })
        const found = await session.names.platform(name)
        const schema = (await session.api.blueprint(found.blueprint)).parameters
        await changed(session, found, options, { parameters: assignments(options.set, schema) })
      }),
    )
  platform
    .command('scale <platform> <group=count...>')
    .description('other sizes of its groups')
    .option(...planOption)
    .option(...waitOption)
    .addHelpText('after', '\ne.g. gantry platform scale team-a worker=5 --wait')
    .action(
      run<Options>(async (session, { args: [name = '', ...sizes], options }) => {
        const groups = Object.fromEntries(sizes.flatMap((size) => size ?? []).map(sizeOf))
        await changed(session, await session.names.platform(name), options, { groups })
      }),
    )
  platform
    .command('upgrade <platform>')
    .description('another version of its blueprint, the newest unless you say which')
    .option('--to <version>', 'which version')
    .option('--set <parameter=value>', 'a parameter of the new version; may be given several times', several)
    .option(...planOption)
    .option(...waitOption)
    .action(
      run<Options>(async (session, { args: [name = ''], options }) => {
        const found = await session.names.platform(name)
        const [blueprint = ''] = found.blueprint.split('@')
        const version = options.to === undefined ? blueprint : `${blueprint}@${options.to}`
        const schema = (await session.api.blueprint(version)).parameters
        const parameters = assignments(options.set ?? [], schema)
        await changed(session, found, options, { blueprint: version, parameters })
      }),
    )
  platform
    .command('rollback <platform>')
    .description('the way back to what it was before, or to an earlier revision')
    .option('--to <revision>', 'its number; see  gantry platform revisions')
    .option(...planOption)
    .option(...waitOption)
    .action(
      run<Options>(async (session, { args: [name = ''], options }) => {
        const { api } = session
        const revision = options.to === undefined ? undefined : revisionOf(options.to)
        const { id } = await session.names.platform(name)
        if (options.plan) return shown(session, name, await api.previewRollback(id, revision))
        await showGoingOn(session, await api.rollbackPlatform(id, revision), options)
      }),
    )
  platform
    .command('renew <platform>')
    .description('replace every machine, wave after wave')
    .option(...planOption)
    .option(...waitOption)
    .action(
      run<Options>(async (session, { args: [name = ''], options }) => {
        const { api } = session
        const { id } = await session.names.platform(name)
        if (options.plan) return shown(session, name, await api.previewRenewal(id))
        await showGoingOn(session, await api.renewPlatform(id), options)
      }),
    )
  platform
    .command('revisions <platform>')
    .description('what it was asked to be, the newest first')
    .action(
      run(async ({ api, names, print, world }, { args: [name = ''] }) => {
        const revisions = await api.revisions(await names.platformId(name))
        print.data(revisions, (paint) =>
          table(
            ['REVISION', 'BLUEPRINT', 'BY', 'WHEN', 'STATE', 'PARAMETERS'],
            revisions.map((one) => [
              `${one.number}${one.current ? ' now' : ''}`,
              one.blueprint,
              one.kind,
              ago(one.createdAt, world.now()),
              one.settledAt === null ? (one.current ? 'under way' : 'not finished') : 'finished',
              Object.entries(one.parameters)
                .map(([parameter, value]) => `${parameter}=${String(value)}`)
                .join(' '),
            ]),
            paint,
          ),
        )
      }),
    )
}

type Body = Parameters<Session['api']['changePlatform']>[1]

async function changed(session: Session, platform: Platform, options: Options, body: Body): Promise<void> {
  const { api, print } = session
  if (options.plan) return shown(session, platform.name, await api.previewChange(platform.id, body))
  const answer: Task | Platform = await api.changePlatform(platform.id, body)
  if ('groups' in answer) return print.data(answer, () => [`Platform ${platform.name} is so already.`])
  await showGoingOn(session, answer, options)
}

function shown({ print }: Session, name: string, plan: PlatformDifference): void {
  print.data(plan, (paint) => differenceLines(name, plan, paint))
}

function sizeOf(text: string): [string, { count: number }] {
  const [group, size] = pair(text, 'size')
  if (!/^[0-9]{1,5}$/.test(size)) throw new UsageError(`${text}: write how many, e.g. ${group}=5.`)
  return [group, { count: Number(size) }]
}

function revisionOf(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new UsageError(`--to ${text}: write the number of a revision.`)
  return Number(text)
}
