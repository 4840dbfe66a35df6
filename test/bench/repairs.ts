// How long a platform is without what it lost: from the harm until it is READY again and whole. Seeing it is most of it:
// scans go round every half minute by default, so single figures lie anywhere in that.

import { join } from 'node:path'
import { type WorldControl, worldControl } from '../../providers/simulated/index.ts'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { Machine } from '../../src/cli/client/types.ts'
import type { NativeRef } from '../../src/provider/contract.ts'
import { type Spread, spreadOf } from './figures.ts'
import { openStage, type Stage } from './stage.ts'
import { watchPlatforms } from './watch.ts'

export interface RepairRow {
  readonly kind: string
  /** Seconds from the harm until READY again, every machine in its place. */
  readonly seconds: Spread
  /** Of them, seconds until it was seen: until the platform was READY no more. */
  readonly seen: Spread
}

const parameters = { managers: 3, workers: 3 }
const machines = 6
/** Managers and workers share them. */
const hosts = 5

interface Scene {
  readonly stage: Stage
  readonly world: WorldControl
  readonly platform: string
  readonly provider: string
}

/** What was done to it. */
interface Harmed {
  /** Whose place is to be taken by others. */
  readonly lost: readonly Machine[]
  /** What else must be so again. */
  readonly mended?: () => Promise<boolean>
  /** What a person chooses as soon as it is told. */
  readonly resolution?: 'recreate'
}

type Harm = (scene: Scene, living: readonly Machine[]) => Promise<Harmed>

const harms: Readonly<Record<string, Harm>> = {
  'worker deleted behind our back': (scene, living) => strike(scene, pick(living, 'worker-0'), 'vanished'),
  'founding manager deleted': (scene, living) => strike(scene, pick(living, 'manager-0'), 'vanished'),
  'worker powered off': (scene, living) => strike(scene, pick(living, 'worker-1'), 'off'),
  'worker hangs (answers nothing, its provider calls it running)': (scene, living) =>
    strike(scene, pick(living, 'worker-1'), 'silent'),
  'manager hangs (answers nothing, its provider calls it running)': (scene, living) =>
    strike(scene, pick(living, 'manager-1'), 'silent'),
  'host dead (all its machines off)': (scene, living) => strike(scene, onHostOf(living, 'worker-2'), 'off'),
  'zone dead (all its machines off)': (scene, living) => strike(scene, inOneZone(living), 'off'),
  'host put in maintenance': async ({ stage, provider }, living) => {
    const lost = onHostOf(living, 'worker-2')
    await stage.api.startMaintenance(provider, lost[0]?.host ?? '', { reason: 'bench' })
    return { lost }
  },
  'step undone on a worker (drift), verified each 10 s': async ({ world }, living) => {
    const ref = await refOf(world, pick(living, 'worker-0')[0])
    await world.run(ref, `rm ${mark}`)
    return { lost: [], mended: async () => (await world.run(ref, `test -e ${mark}`)).exitCode === 0 }
  },
  'machine changed at its provider, made anew when it is told': async (scene, living) => ({
    ...(await strike(scene, pick(living, 'worker-1'), 'changed')),
    resolution: 'recreate',
  }),
}

/** What a step leaves on each machine, and drift takes away. */
const mark = '/root/prepared'

/** The shipped swarm, whose first step leaves a mark that is looked after. */
async function publishVerified(stage: Stage): Promise<string> {
  const files = await loadBlueprintFolder(join(import.meta.dirname, '../../blueprints/swarm'))
  const blueprint = (files['blueprint.yaml'] ?? '')
    .replace(/^version: .*$/m, 'version: 0.0.1')
    .replace('run: scripts/docker.sh', 'run: scripts/docker.sh\n    verify: scripts/prepared.sh\n    every: 10s')
  await stage.api.createBlueprint({
    files: {
      ...files,
      'blueprint.yaml': blueprint,
      'scripts/docker.sh': `touch ${mark}\n${files['scripts/docker.sh']}`,
      'scripts/prepared.sh': `test -e ${mark} || { echo "${mark} is not there"; exit 1; }\n`,
    },
  })
  return 'swarm@0.0.1'
}

/** `only`: a part of the names of the kinds to be measured; all when absent. */
export async function repairRows(rounds: number, only = ''): Promise<readonly RepairRow[]> {
  await using stage = await openStage({ latencyMs: 0, hosts })
  await using watch = watchPlatforms(stage.server)
  const world = await worldControl(stage.world)
  const [provider] = await stage.api.providers()
  const took = new Map<string, Healed[]>()
  try {
    const wish = { name: 'repairs', blueprint: await publishVerified(stage), parameters }
    const platform = (await stage.api.createPlatform(stage.project, wish)).target.id
    await watch.reached(platform, 'ready')
    const scene = { stage, world, platform, provider: provider?.id ?? '' }
    for (let round = 0; round < rounds; round++) {
      for (const [kind, harm] of Object.entries(harms).filter(([name]) => name.includes(only))) {
        // So that the harm falls anywhere in the scans' round.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 20_000))
        took.set(kind, [...(took.get(kind) ?? []), await healed(scene, harm)])
      }
    }
  } finally {
    await world.close()
  }
  return [...took].map(([kind, all]) => ({
    kind,
    seconds: spreadOf(all.map(({ seconds }) => seconds)),
    seen: spreadOf(all.map(({ seen }) => seen)),
  }))
}

interface Healed {
  readonly seconds: number
  readonly seen: number
}

/** Waits until every victim has a successor that is ready, what was undone is done, and the platform is READY. */
async function healed(scene: Scene, harm: Harm): Promise<Healed> {
  const { api } = scene.stage
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1_000
  let seen = Number.POSITIVE_INFINITY
  const { lost, mended, resolution } = await harm(scene, await living(scene))
  const names = new Set(lost.map(({ name }) => name))
  for (;;) {
    const now = await living(scene)
    const { state } = await api.platform(scene.platform)
    const [problem] = await api.platformProblems(scene.platform)
    const whole = now.length === machines && now.every((one) => one.state === 'ready' && !names.has(one.name))
    if (state !== 'ready' || problem) seen = Math.min(seen, passed())
    if (problem && resolution && problem.resolutions.includes(resolution))
      await api.resolveProblem(scene.platform, problem.id, resolution)
    if (whole && state === 'ready' && !problem && ((await mended?.()) ?? true)) break
    if (passed() > 600) throw new Error(`not healed in 10 minutes: it is ${state}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const seconds = passed()
  for (const { host } of (await api.provider(scene.provider)).maintenance)
    await api.endMaintenance(scene.provider, host)
  return { seconds, seen: Math.min(seen, seconds) }
}

async function living({ stage, platform }: Scene): Promise<readonly Machine[]> {
  return (await stage.api.machines({ platform })).filter(({ state }) => state !== 'deleted')
}

async function strike(
  { world }: Scene,
  lost: readonly Machine[],
  how: Parameters<WorldControl['kill']>[1],
): Promise<Harmed> {
  for (const machine of lost) await world.kill(await refOf(world, machine), how)
  return { lost }
}

async function refOf(world: WorldControl, machine: Machine | undefined): Promise<NativeRef> {
  const found = (await world.machines()).find(({ key }) => key === machine?.resourceKey)
  if (!found) throw new Error(`the world has no machine of ${machine?.member}`)
  return found.ref
}

function pick(living: readonly Machine[], member: string): readonly Machine[] {
  return living.filter((machine) => machine.member === member)
}

function onHostOf(living: readonly Machine[], member: string): readonly Machine[] {
  const [machine] = pick(living, member)
  return living.filter(({ host }) => host === machine?.host)
}

/** The zone that carries most of those of which at most one votes: the others keep their majority. */
function inOneZone(living: readonly Machine[]): readonly Machine[] {
  const zones = [...Map.groupBy(living, ({ zone }) => zone).values()]
  const [most = []] = zones
    .filter((there) => there.filter(({ member }) => member.startsWith('manager-')).length <= 1)
    .toSorted((one, other) => other.length - one.length)
  return most
}
