// The life of a platform on real machines: it grows and shrinks, its machines die by kill -9 and come back, and all of
// them are replaced while somebody uses it. `docker node ls` is the judge of what is a member, Incus of what is there.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Lab, startLab } from '../lab/incus/lab.ts'
import { benchRow } from './bench.ts'
import { type Judge, judgeOf } from './judge.ts'
import { startLoad } from './load.ts'
import { type GantryServer, startGantry } from './server.ts'
import { eventually, seams } from './support.ts'
import { createGlobalWebService, keepImage, runningOn } from './swarm.ts'
import { registerLab, taskDone } from './tenant.ts'

/** Every change of the nightly run, beside those of each commit. */
const isFull = process.env.GANTRY_E2E === 'full'

let lab: Lab
let gantry: GantryServer
let platform: string
let judge: Judge

beforeAll(async () => {
  lab = await startLab()
  gantry = await startGantry()
})

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  console.log(gantry.log())
  if (platform) console.log(JSON.stringify(await gantry.api.explain(platform).catch(String)))
})

afterAll(async () => {
  for (const name of platform ? await judge.names().catch(() => []) : []) await lab.incus('delete', '--force', name)
  await gantry?.[Symbol.asyncDispose]()
  await lab?.[Symbol.asyncDispose]()
})

const ready = () => judge.ready()

/** Asks for a change and waits for its task; answers seconds. */
async function changed(body: Parameters<GantryServer['api']['changePlatform']>[1], withinMs: number): Promise<number> {
  const began = seams.clock.now()
  const task = await gantry.api.changePlatform(platform, body)
  if ('groups' in task) throw new Error('nothing was to be changed')
  await taskDone(() => gantry.api, task.id, withinMs)
  return (seams.clock.now() - began) / 1000
}

test('a Swarm of three managers and two workers is made on one host', async () => {
  const project = await registerLab(gantry.api, lab.facts)
  const began = seams.clock.now()
  const task = await gantry.api.createPlatform(project, {
    name: 'team-a',
    blueprint: 'swarm',
    parameters: { managers: 3, workers: 2, flavor: 'small', managerSpread: 'should' },
  })
  platform = task.target.id
  judge = judgeOf(lab, () => gantry.api, platform)
  await taskDone(() => gantry.api, task.id, 170_000)
  benchRow('incus: swarm of 3 managers and 2 workers, request to READY', (seams.clock.now() - began) / 1000)
  await judge.isWhole(3, 2)
})

test('three managers become five, and three again: nobody else is touched, and who goes has left the swarm', async () => {
  const before = new Set((await ready()).map(({ nativeRef }) => nativeRef))
  benchRow('incus: managers 3 to 5', await changed({ groups: { manager: { count: 5 } } }, 170_000))
  await judge.isWhole(5, 2)
  benchRow('incus: managers 5 to 3', await changed({ groups: { manager: { count: 3 } } }, 170_000))
  await judge.isWhole(3, 2)
  expect(new Set((await ready()).map(({ nativeRef }) => nativeRef))).toEqual(before)
}, 400_000)

/** kill -9 of a machine's first process, from outside; answers seconds until another machine has its place. */
async function killedToHealed(member: string): Promise<number> {
  const victim = (await ready()).find((machine) => machine.member === member)
  if (!victim?.nativeRef) throw new Error(`${member} has no native name`)
  const state = await lab.incus('query', `/1.0/instances/${victim.nativeRef}/state?project=${lab.facts.project}`)
  const { pid } = z.object({ pid: z.int().min(2) }).parse(JSON.parse(state))
  const began = seams.clock.now()
  process.kill(pid, 'SIGKILL')
  await eventually(
    170_000,
    async () => ({ ...(await gantry.api.platform(platform)), ready: await ready() }),
    (now) => now.state === 'ready' && now.ready.some((one) => one.member === member && one.id !== victim.id),
  )
  return (seams.clock.now() - began) / 1000
}

test('kill -9 of the init of a worker: it is replaced, and the swarm knows only its successor', async () => {
  benchRow('incus: kill -9 of the init of a worker, to READY', await killedToHealed('worker-1'))
  await judge.isWhole(3, 2)
})

test('kill -9 of the init of the manager that founded the swarm: the others carry on, and it is replaced', async () => {
  benchRow('incus: kill -9 of the init of the founding manager, to READY', await killedToHealed('manager-0'))
  await judge.isWhole(3, 2)
})

test('every machine is replaced while two at a time are called: not one request fails', async () => {
  const before = await ready()
  await using images = keepImage(() => gantry.api, platform, lab.facts.tinyImage, 'tiny:1')
  await images.everywhere(before.length)
  await createGlobalWebService(await judge.aManager(), 'tiny:1')
  const all = before.length
  await eventually(
    60_000,
    async () => runningOn(await judge.aManager(), 'web'),
    (nodes) => nodes.length === all,
  )
  const called = { outputs: ['manager-addresses', 'worker-addresses'], port: 8080 }
  const load = await startLoad(gantry.api, platform, called)
  // Shows that requests do fail for who does not listen, so that none failing means something.
  const deaf = await startLoad(gantry.api, platform, { ...called, isDeaf: true })
  try {
    await eventually(
      20_000,
      async () => [...load.answered.values()].reduce((sum, n) => sum + n, 0),
      (answers) => answers > 20,
    )
    const rounds = isFull ? 3 : 1
    for (let round = 1; round <= rounds; round++) {
      const began = seams.clock.now()
      const task = await gantry.api.renewPlatform(platform)
      await taskDone(() => gantry.api, task.id, 400_000)
      benchRow('incus: every machine of a swarm of 5 replaced under load', (seams.clock.now() - began) / 1000)
    }
    // It goes on a while on the new machines alone.
    await seams.clock.sleep(2000)
  } finally {
    await Promise.all([load[Symbol.asyncDispose](), deaf[Symbol.asyncDispose]()])
  }
  const requests = [...load.answered.values()].reduce((sum, n) => sum + n, 0)
  console.log(
    `load: ${requests} requests, ${load.failed.length} failed, ${load.moves} moves, ${load.longestShortMs} ms short`,
  )
  console.log(
    `answers by machine: ${JSON.stringify(Object.fromEntries(load.answered))}; deaf: ${deaf.failed.length} failed`,
  )
  expect(load.failed).toEqual([])
  expect(deaf.failed.length).toBeGreaterThan(0)
  // It was on machines as they went, and never without two for longer than it takes to turn elsewhere.
  expect(load.moves).toBeGreaterThanOrEqual(2)
  expect(load.longestShortMs).toBeLessThan(5000)
  expect(requests).toBeGreaterThan(200)
  const after = await ready()
  const old = new Set(before.map(({ id }) => id))
  expect(after.filter(({ id }) => old.has(id))).toEqual([])
  await judge.isWhole(3, 2)
}, 1_300_000)

test('it is deleted, and Incus has none of its machines', async () => {
  const task = await gantry.api.deletePlatform(platform)
  await taskDone(() => gantry.api, task.id, 120_000)
  expect(await judge.names()).toEqual([])
})
