// The crash sweep kills a pretend process at every boundary; here a real one is killed as the kernel does it, with a
// real file, real sockets and real SSH, at moments nobody chose. GANTRY_SIGKILL_SEED repeats the moments of a run.

import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stopWorld, worldControl } from '../../providers/simulated/index.ts'
import { type Api, apiOf } from '../../src/cli/client/api.ts'
import { seededRandom } from '../support/random.ts'
import { type Serving, startServe } from '../support/serve.ts'
import { testimonyOf, witnessOf } from './sigkill-witness.ts'

const kills = 25
const machines = 5
const longestLifeMs = 450
/** A build lives through several lives of the server; but only its first ones make machines, so the next begins soon. */
const livesEach = 3
const seed = Number(process.env.GANTRY_SIGKILL_SEED ?? randomInt(1_000_000))

let folder = ''
let worldFolder = ''
let serving: Serving
let token = ''
let project = ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-sigkill-'))
  worldFolder = join(folder, 'world')
  serving = startServe(folder)
  token = (await serving.listening).token ?? ''
  const api = await apiNow()
  const gib = 2 ** 30
  const limits = {
    'platform.count': 100,
    'vm.count': 500,
    'vm.cpu': 500,
    'vm.memory': 500 * gib,
    'disk.capacity': 5_000 * gib,
  }
  const host = { zone: 'zone-a', cpu: 500, memoryBytes: 500 * gib, diskBytes: 5_000 * gib }
  const hosts = ['host-1', 'host-2'].map((name) => ({ name, ...host }))
  // Slow enough that some kills fall between a call and its effect.
  const world = { hosts, latencyMs: 60, bootMs: 150, destroyMs: 20, workFactor: 0 }
  const config = { folder: worldFolder, world }
  const images = { 'debian-12': { ref: 'debian-12', user: 'root' } }
  await api.createProvider({ name: 'dc1', kind: 'simulated', config, images })
  const tenant = await api.createTenant({ name: 'acme' })
  const ticket = await api.createTicket(tenant.id, { name: 'gold', limits })
  project = (await api.createProject(tenant.id, { name: 'shop', shares: [{ ticket: ticket.id, limits }] })).id
  await api.createBlueprint({ files: witnessOf(machines) })
})

afterAll(async () => {
  await serving.end('SIGTERM')
  await stopWorld(worldFolder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

async function apiNow(): Promise<Api> {
  return apiOf({ url: (await serving.listening).url, token })
}

test(`a server killed ${kills} times while it builds leaks nothing, doubles nothing and starts no attempt twice`, {
  timeout: 300_000,
}, async () => {
  console.log(`moments of SIGKILL: GANTRY_SIGKILL_SEED=${seed}`)
  const platforms = await buildUnderKills()
  const api = await apiNow()
  for (const platform of platforms) await untilReady(api, platform)

  await using world = await control()
  const found = await world.machines()
  for (const platform of platforms) {
    const own = found.filter(({ key }) => key.includes(platform))
    expect(own.map(({ state }) => state)).toEqual(Array(machines).fill('running'))
    await expectEachStepOnce(api, platform)
  }
  expect(found).toHaveLength(platforms.length * machines)
  // The simulated cloud numbers what it makes: nothing was made and removed again on the way.
  expect(found.map(({ ref }) => Number(ref.replace(/\D/g, ''))).sort((a, b) => a - b)).toEqual(
    found.map((_, index) => index + 1),
  )

  for (const platform of platforms) await api.deletePlatform(platform)
  await until(async () => (await api.platforms({ state: 'deleted' })).length === platforms.length)
  expect(await world.machines()).toEqual([])
  const receipts = await api.receipts()
  expect(receipts.map(({ state }) => state)).toEqual(platforms.map(() => 'complete'))
})

/**
 * Asks for a platform when the one before is ready or has lived through enough, killing and restarting all the while.
 * Answers those asked for.
 */
async function buildUnderKills(): Promise<string[]> {
  const random = seededRandom(seed)
  const asked: string[] = []
  let killedAt = 0
  let pending = 0
  let lives = 0
  for (let counted = 0; ; lives++) {
    const api = await apiNow()
    const current = asked.at(-1)
    const readyAt = current === undefined ? null : (await api.platform(current)).readyAt
    // A kill counts when it fell into a build.
    if (readyAt === null || Date.parse(readyAt) > killedAt) counted += pending
    if (counted >= kills) {
      console.log(`${counted} kills fell into the builds of ${asked.length} platforms, ${lives} lives in all`)
      return asked
    }
    if (readyAt !== null || lives % livesEach === 0) {
      const name = `team-${asked.length + 1}`
      asked.push((await api.createPlatform(project, { name, blueprint: 'witness' })).target.id)
    }
    await sleep(longestLifeMs * random.next())
    killedAt = Date.now()
    await serving.end('SIGKILL')
    serving = startServe(folder)
    pending = 1
    // Now and then it dies again before it has come up.
    while (random.next() < 0.25 && counted + pending < kills) {
      await sleep(300 * random.next())
      await serving.end('SIGKILL')
      serving = startServe(folder)
      pending++
    }
  }
}

async function expectEachStepOnce(api: Api, platform: string): Promise<void> {
  const items = await api.machines({ platform })
  expect(items).toHaveLength(machines)
  const testimonies = await Promise.all(items.map(({ id }) => testimonyOf(api, id)))
  for (const { member, starts, folders } of testimonies) {
    const founder = member.startsWith('node-0@')
    expect(
      starts.map(({ step }) => step),
      `what ${member} was asked`,
    ).toEqual(founder ? ['prepare', 'found'] : ['prepare', 'join'])
    expect(folders.toSorted()).toEqual(starts.map(({ attempt }) => attempt).toSorted())
  }
  const attempts = testimonies.flatMap(({ starts }) => starts.map(({ attempt }) => attempt))
  expect(new Set(attempts).size).toBe(attempts.length)
}

async function control() {
  const world = await worldControl(worldFolder)
  return { ...world, [Symbol.asyncDispose]: () => world.close() }
}

async function untilReady(api: Api, platform: string): Promise<void> {
  await until(async () => {
    const { state } = await api.platform(platform)
    if (state === 'blocked') throw new Error(JSON.stringify(await api.explain(platform)))
    return state === 'ready'
  })
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const givesUpAt = Date.now() + 100_000
  while (!(await holds())) {
    if (Date.now() > givesUpAt) throw new Error('it did not come true in time')
    await sleep(50)
  }
}
