// What two-processes.test.ts shows in virtual time, shown by two real servers on one folder: real locks on a real file,
// a process that the kernel stops and lets go on. GANTRY_TWO_SERVERS_SEED repeats the moments of a run.

import { randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { stopWorld, worldControl } from '../../providers/simulated/index.ts'
import { type Api, apiOf } from '../../src/cli/client/api.ts'
import { seededRandom } from '../support/random.ts'
import { type Serving, startServe, tokenIn } from '../support/serve.ts'
import { type Hold, type Ledger, openLedger } from './ledger.ts'
import { testimonyOf, witnessOf } from './sigkill-witness.ts'

const machines = 2
/** Between two requests: less than a look takes, so that some machine is always between the look for it and its create. */
const apartMs = 200
const latencyMs = 250
const seed = Number(process.env.GANTRY_TWO_SERVERS_SEED ?? randomInt(1_000_000))

interface Server {
  readonly serving: Serving
  readonly api: Api
}

let folder = ''
let worldFolder = ''
let servings: Serving[] = []
let a: Server
let b: Server
let project = ''
let ledger: Ledger

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-two-servers-'))
  worldFolder = join(folder, 'world')
  // Both at once and in an empty folder: key, database, token and blueprints are there once in the end.
  servings = [startServe(folder, { first: false }), startServe(folder, { first: false })]
  const urls = await Promise.all(servings.map(async ({ listening }) => (await listening).url))
  await until(async () => tokens().length > 0)
  const [first, second] = servings.map((serving, i) => ({
    serving,
    api: apiOf({ url: urls[i] ?? '', token: tokens()[0] ?? '' }),
  }))
  if (!first || !second) throw new Error('there are two')
  a = first
  b = second
  ledger = openLedger(join(folder, 'gantry.db'))
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
  const config = { folder: worldFolder, world: { hosts, latencyMs, bootMs: 300, workFactor: 0 } }
  const images = { 'debian-12': { ref: 'debian-12', user: 'root' } }
  await a.api.createProvider({ name: 'dc1', kind: 'simulated', config, images })
  const tenant = await b.api.createTenant({ name: 'acme' })
  const ticket = await a.api.createTicket(tenant.id, { name: 'gold', limits })
  project = (await b.api.createProject(tenant.id, { name: 'shop', shares: [{ ticket: ticket.id, limits }] })).id
  await a.api.createBlueprint({ files: witnessOf(machines) })
})

afterAll(async () => {
  ledger?.[Symbol.dispose]()
  await Promise.all(
    servings.map(async ({ pid, end }) => {
      signal(pid, 'SIGCONT')
      const stuck = setTimeout(() => signal(pid, 'SIGKILL'), 15_000)
      await end('SIGTERM')
      clearTimeout(stuck)
    }),
  )
  await stopWorld(worldFolder)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
})

test('two servers that start together in an empty folder are one installation', async () => {
  expect(tokens()).toHaveLength(1)
  const [one, other] = await Promise.all([a.api.version(), b.api.version()])
  expect(other.installation).toBe(one.installation)
  const names = (await b.api.blueprints()).map(({ name }) => name).sort()
  expect(names).toEqual(['machines', 'swarm', 'witness'])
})

test('both work on what either is asked for, each platform by one of them, and nothing is made or started twice', async () => {
  await using watch = watchHolds()
  const platforms = await Promise.all([a, b, a, b].map(({ api }, i) => ask(api, `shared-${i}`)))
  // Each is asked about what the other may have built.
  for (const [i, platform] of platforms.entries()) await untilReady((i % 2 === 0 ? b : a).api, platform)
  expect(new Set(ledger.attempts(platforms).map(({ platform_id, fence }) => watch.pidOf(platform_id, fence)))).toEqual(
    new Set([a.serving.pid, b.serving.pid]),
  )
  await expectEachOnce(platforms)
})

test('a server stopped in mid-build is taken over when its leases have run out, and changes nothing when it goes on', async () => {
  console.log(`moment of SIGSTOP: GANTRY_TWO_SERVERS_SEED=${seed}`)
  await using watch = watchHolds()
  const platforms: string[] = []
  for (let i = 0; i < 8; i++) {
    platforms.push(await ask(a.api, `stopped-${i}`))
    await sleep(apartMs)
  }
  await stopOutsideWrites()
  const left = ledger.holds().filter(({ pid, state }) => pid === a.serving.pid && state !== 'ready')
  expect(left.length).toBeGreaterThan(1)

  for (const platform of platforms) await untilReady(b.api, platform)
  await until(async () => ledger.holds().length === 0)
  for (const { platform, fence, leaseUntil } of left) {
    const taken = watch.seen.find((hold) => hold.platform === platform && hold.fence > fence)
    expect(taken?.pid).toBe(b.serving.pid)
    expect(taken?.seenAt).toBeGreaterThanOrEqual(leaseUntil)
  }
  const before = ledger.everything(platforms)
  const made = await living()

  signal(a.serving.pid, 'SIGCONT')
  // What it was about to do is overdue and comes first; when it has built another one it has had its chance.
  const later = await ask(a.api, 'later')
  await untilReady(a.api, later)
  expect(watch.seen.find(({ platform }) => platform === later)?.pid).toBe(a.serving.pid)
  expect(ledger.everything(platforms)).toEqual(before)
  const world = await living()
  expect(world.filter(({ key }) => !key.includes(later))).toEqual(made)
  expect(world).toHaveLength(made.length + machines)
  await expectEachOnce([...platforms, later])
  expect(complaints()).toEqual([])
})

/** Every machine and every attempt that was wanted, once; the machines themselves testify. */
async function expectEachOnce(platforms: readonly string[]): Promise<void> {
  const world = await living()
  for (const platform of platforms) {
    const own = world.filter(({ key }) => key.includes(platform))
    expect(own.map(({ state }) => state)).toEqual(Array(machines).fill('running'))
    const items = await b.api.machines({ platform })
    expect(items.map(({ state }) => state)).toEqual(Array(machines).fill('ready'))
    const testimonies = await Promise.all(items.map(({ id }) => testimonyOf(b.api, id)))
    for (const { member, starts, folders } of testimonies) {
      const second = member.startsWith('node-0@') ? 'found' : 'join'
      expect(
        starts.map(({ step }) => step),
        `what ${member} was asked`,
      ).toEqual(['prepare', second])
      expect(folders.toSorted()).toEqual(starts.map(({ attempt }) => attempt).toSorted())
    }
    const recorded = ledger.attempts([platform])
    expect(recorded.map(({ outcome }) => outcome)).toEqual(Array(2 * machines).fill('done'))
    expect(recorded.map(({ id }) => id).toSorted()).toEqual(
      testimonies.flatMap(({ starts }) => starts.map(({ attempt }) => attempt)).toSorted(),
    )
  }
  // The simulated cloud numbers what it makes: nothing was made and removed again on the way.
  expect(world.map(({ ref }) => Number(ref.replace(/\D/g, ''))).sort((x, y) => x - y)).toEqual(
    world.map((_, i) => i + 1),
  )
}

/** Stops A so that B can still write: whoever is stopped inside a transaction keeps everybody else out by right. */
async function stopOutsideWrites(): Promise<void> {
  const random = seededRandom(seed)
  for (let tries = 1; ; tries++) {
    await sleep(100 * random.next())
    signal(a.serving.pid, 'SIGSTOP')
    const written = b.api.createTenant({ name: `while-stopped-${tries}` }).then(
      () => true,
      () => false,
    )
    if (await Promise.race([written, sleep(2_500, false)])) return
    signal(a.serving.pid, 'SIGCONT')
    await written
    if (tries === 5) throw new Error('B cannot write while A is stopped, whenever that is')
  }
}

/** Notes who holds which run, as often as it can without being in the way. */
function watchHolds() {
  const seen: Hold[] = []
  let ended = false
  const watching = (async () => {
    while (!ended) {
      for (const hold of ledger.holds()) {
        if (!seen.some(({ platform, fence }) => platform === hold.platform && fence === hold.fence)) seen.push(hold)
      }
      await sleep(20)
    }
  })()
  return {
    seen,
    pidOf: (platform: string, fence: number) =>
      seen.find((hold) => hold.platform === platform && hold.fence === fence)?.pid,
    async [Symbol.asyncDispose]() {
      ended = true
      await watching
    },
  }
}

async function living() {
  const world = await worldControl(worldFolder)
  try {
    const found = await world.machines()
    return found.map(({ key, ref, state }) => ({ key, ref, state })).sort((x, y) => (x.ref < y.ref ? -1 : 1))
  } finally {
    await world.close()
  }
}

async function ask(api: Api, name: string): Promise<string> {
  return (await api.createPlatform(project, { name, blueprint: 'witness' })).target.id
}

/** What either server logged that is not its daily work. */
function complaints(): string[] {
  return log()
    .split('\n')
    .filter((line) => /"level":"(?!info)/.test(line))
}

function log(): string {
  return readFileSync(join(folder, 'serve.log'), 'utf8')
}

function tokens(): string[] {
  return servings.flatMap(({ said }) => tokenIn(said()) ?? [])
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
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
    if (Date.now() > givesUpAt) {
      throw new Error(`it did not come true in time:\n${log().slice(-3_000)}`)
    }
    await sleep(50)
  }
}
