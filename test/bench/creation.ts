// Platforms of five machines through the REST API: all asked for at once, each timed from its request until the event
// stream says that it is READY, then all deleted again.

import { cpuSeconds, residentBytes } from './cpu.ts'
import { medianOf, type Spread, spreadOf } from './figures.ts'
import { openStage, type Stage } from './stage.ts'
import { type Watch, watchPlatforms } from './watch.ts'

export const machinesEach = 5
/** Machine present and SSH proven, of every machine. */
export const stepsEach = 2 * machinesEach
/** Requests on their way at once: what a busy API sees, and few enough not to measure the sockets of this process. */
const requestsAtOnce = 16
/** Platforms that are made one by one, before all others and after them. */
const alone = 10

export interface Round {
  /** From the first request until the last platform was READY, and until the last was gone. */
  readonly create: number
  readonly remove: number
  /** CPU-seconds of the server and of the simulated world while creating. */
  readonly serverCpu: number
  readonly worldCpu: number
}

export interface Alone {
  readonly ids: readonly string[]
  /** From request to READY, each. */
  readonly seconds: readonly number[]
  /** CPU-seconds of the server per platform: what others do on the machine hardly shows in it. */
  readonly serverCpu: number
}

export interface CreationRow {
  readonly platforms: number
  readonly latencyMs: number
  /** In a process that had made nothing before; null when as many were never asked of one. */
  readonly cold: Round | null
  readonly create: Spread
  readonly remove: Spread
  readonly serverCpu: Spread
  readonly worldCpu: Spread
  /** Platforms made one by one: the first ten, and ten more when all others are there. */
  readonly before: Alone
  readonly after: Alone
  readonly residentMiB: number
}

export interface CreationOptions {
  readonly platforms: number
  readonly latencyMs: number
  readonly rounds: number
  /** For the server's Node, e.g. `--cpu-prof`. */
  readonly node?: readonly string[]
}

/** Measures one row on a server and a world of its own. */
export async function creationRow(options: CreationOptions): Promise<CreationRow> {
  const { platforms, latencyMs, rounds } = options
  await using stage = await openStage(options)
  await using watch = watchPlatforms(stage.server)
  const warmUp = Math.min(platforms, 100)
  const cold = await round(stage, watch, warmUp)
  // In a process that is warm: else the first would look slow and the thousandth quick.
  const early = await oneByOne(stage, watch)
  await removeAll(stage, watch, early.ids)
  const warm: Round[] = []
  for (let count = 1; count < rounds; count++) warm.push(await round(stage, watch, platforms))
  let late = early
  const addMore = async (): Promise<void> => {
    late = await oneByOne(stage, watch)
  }
  warm.push(await round(stage, watch, platforms, addMore))
  await removeAll(stage, watch, late.ids)
  return {
    platforms,
    latencyMs,
    cold: warmUp === platforms ? cold : null,
    create: spreadOf(warm.map((each) => each.create)),
    remove: spreadOf(warm.map((each) => each.remove)),
    serverCpu: spreadOf(warm.map((each) => each.serverCpu)),
    worldCpu: spreadOf(warm.map((each) => each.worldCpu)),
    before: early,
    after: late,
    residentMiB: residentBytes(stage.pids.gantry) / 2 ** 20,
  }
}

/** `thousandth : first`, of platforms that had the machine for themselves. */
export function slowdown({ before, after }: CreationRow): number {
  return medianOf(after.seconds) / medianOf(before.seconds)
}

async function round(stage: Stage, watch: Watch, platforms: number, then?: () => Promise<void>): Promise<Round> {
  const { gantry, world } = stage.pids
  const cpuBefore = { gantry: cpuSeconds(gantry), world: cpuSeconds(world) }
  const began = performance.now()
  const ids = await createAll(stage, watch, platforms)
  const create = (performance.now() - began) / 1000
  const serverCpu = cpuSeconds(gantry) - cpuBefore.gantry
  const worldCpu = cpuSeconds(world) - cpuBefore.world
  await then?.()
  return { create, serverCpu, worldCpu, remove: await removeAll(stage, watch, ids) }
}

async function createAll(stage: Stage, watch: Watch, count: number): Promise<string[]> {
  const ids: string[] = []
  await atOnce(Array.from({ length: count }), async () => {
    ids.push(await ask(stage))
  })
  await Promise.all(ids.map((id) => watch.reached(id, 'ready')))
  return ids
}

/** Seconds until the last of them was gone. */
async function removeAll(stage: Stage, watch: Watch, ids: readonly string[]): Promise<number> {
  const began = performance.now()
  await atOnce(ids, async (id) => {
    await stage.api.deletePlatform(id)
  })
  await Promise.all(ids.map((id) => watch.reached(id, 'deleted')))
  return (performance.now() - began) / 1000
}

async function oneByOne(stage: Stage, watch: Watch): Promise<Alone> {
  const ids: string[] = []
  const seconds: number[] = []
  const cpuBefore = cpuSeconds(stage.pids.gantry)
  for (let count = 0; count < alone; count++) {
    const began = performance.now()
    const id = await ask(stage)
    await watch.reached(id, 'ready')
    seconds.push((performance.now() - began) / 1000)
    ids.push(id)
  }
  return { ids, seconds, serverCpu: (cpuSeconds(stage.pids.gantry) - cpuBefore) / alone }
}

let serial = 0

/** Asks for a platform and answers its id. */
async function ask(stage: Stage): Promise<string> {
  const wish = { name: `p-${++serial}`, blueprint: 'machines', parameters: { count: machinesEach } }
  return (await stage.api.createPlatform(stage.project, wish)).target.id
}

async function atOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values()
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item)
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, worker))
}
