// How long a platform is without what it lost: from the harm until it is READY again and whole. Seeing it is most of it:
// scans go round every half minute by default, so single figures lie anywhere in that.

import { type WorldControl, worldControl } from '../../providers/simulated/index.ts'
import type { Machine } from '../../src/cli/client/types.ts'
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

/** What is done to it; answers whose place is to be taken by others. */
type Harm = (scene: Scene, living: readonly Machine[]) => Promise<readonly Machine[]>

const harms: Readonly<Record<string, Harm>> = {
  'worker deleted behind our back': (scene, living) => strike(scene, pick(living, 'worker-0'), 'vanished'),
  'founding manager deleted': (scene, living) => strike(scene, pick(living, 'manager-0'), 'vanished'),
  'worker powered off': (scene, living) => strike(scene, pick(living, 'worker-1'), 'off'),
  'host dead (all its machines off)': (scene, living) => strike(scene, onHostOf(living, 'worker-2'), 'off'),
  'host put in maintenance': async ({ stage, provider }, living) => {
    const there = onHostOf(living, 'worker-2')
    await stage.api.startMaintenance(provider, there[0]?.host ?? '', { reason: 'bench' })
    return there
  },
}

export async function repairRows(rounds: number): Promise<readonly RepairRow[]> {
  await using stage = await openStage({ latencyMs: 0, hosts })
  await using watch = watchPlatforms(stage.server)
  const world = await worldControl(stage.world)
  const [provider] = await stage.api.providers()
  const took = new Map<string, Healed[]>()
  try {
    const wish = { name: 'repairs', blueprint: 'swarm', parameters }
    const platform = (await stage.api.createPlatform(stage.project, wish)).target.id
    await watch.reached(platform, 'ready')
    const scene = { stage, world, platform, provider: provider?.id ?? '' }
    for (let round = 0; round < rounds; round++) {
      for (const [kind, harm] of Object.entries(harms)) {
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

/** Waits until every victim has a successor that is ready and the platform is READY. */
async function healed(scene: Scene, harm: Harm): Promise<Healed> {
  const { api } = scene.stage
  const began = performance.now()
  const passed = () => (performance.now() - began) / 1_000
  let seen = Number.POSITIVE_INFINITY
  const victims = await harm(scene, await living(scene))
  const lost = new Set(victims.map(({ name }) => name))
  for (;;) {
    const now = await living(scene)
    const { state } = await api.platform(scene.platform)
    const whole = now.length === machines && now.every((one) => one.state === 'ready' && !lost.has(one.name))
    if (state !== 'ready') seen = Math.min(seen, passed())
    if (whole && state === 'ready') break
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
  victims: readonly Machine[],
  how: 'vanished' | 'off',
): Promise<readonly Machine[]> {
  const seen = await world.machines()
  for (const { resourceKey } of victims) {
    const object = seen.find(({ key }) => key === resourceKey)
    if (object) await world.kill(object.ref, how)
  }
  return victims
}

function pick(living: readonly Machine[], member: string): readonly Machine[] {
  return living.filter((machine) => machine.member === member)
}

function onHostOf(living: readonly Machine[], member: string): readonly Machine[] {
  const [machine] = pick(living, member)
  return living.filter(({ host }) => host === machine?.host)
}
