// What a platform on real machines lives through: all its machines stopped and started again, and its quorum lost, first
// all but one manager, then all. `docker node ls` and Incus' own client are the judges, a word kept in a volume of each
// machine says whether that is still what it was.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Lab, startLab } from '../lab/incus/lab.ts'
import { benchRow } from './bench.ts'
import { type Judge, judgeOf } from './judge.ts'
import { type GantryServer, startGantry } from './server.ts'
import { eventually, seams } from './support.ts'
import { createKeepingService, type Images, keepImage } from './swarm.ts'
import { registerLab, taskDone } from './tenant.ts'

const managers = 3
const workers = 1

let lab: Lab
let gantry: GantryServer
let project: string
let platform = ''
let judge: Judge
let images: Images | undefined

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
  await images?.[Symbol.asyncDispose]()
  await gantry?.[Symbol.asyncDispose]()
  for (const name of platform ? await judge.names().catch(() => []) : []) await lab.incus('delete', '--force', name)
  await lab?.[Symbol.asyncDispose]()
})

/** The word each machine keeps, by member, when all of them tell one. */
async function words(): Promise<Map<string, string>> {
  return eventually(
    90_000,
    async () => {
      const machines = await judge.ready()
      const told = machines.map(async ({ member, address }) => {
        const answer = await fetch(`http://${address}:8080/`, { signal: AbortSignal.timeout(2000) })
        return [member, (await answer.text()).trim()] as const
      })
      return new Map(await Promise.all(told))
    },
    (all) => all.size === managers + workers && all.values().every((word) => /^[0-9a-f-]{36}$/.test(word)),
  )
}

/** The problem that asks a person, once it is told. */
const quorumLost = () =>
  eventually(
    90_000,
    async () => (await gantry.api.platformProblems(platform)).find(({ code }) => code === 'quorum_lost'),
    (problem) => problem !== undefined,
  )

/** Ends the machines of these members at the provider: every other one is deleted, the rest are stopped. */
async function loseAtProvider(members: readonly string[]): Promise<void> {
  const machines = await judge.ready()
  for (const [i, name] of members.entries()) {
    const ref = machines.find(({ member }) => member === name)?.nativeRef
    if (!ref) throw new Error(`${name} has no native name`)
    await lab.incus(i % 2 === 0 ? 'stop' : 'delete', '--force', ref)
  }
}

/** Gives up, by the command line, what the lost quorum knew; answers seconds until the platform is ready and whole. */
async function refounded(): Promise<number> {
  const problem = await quorumLost()
  expect(problem?.resolutions).toContain('refound')
  const resolve = ['platform', 'resolve', platform, problem?.id ?? '', '--by', 'refound']
  await expect(gantry.cli(...resolve)).rejects.toThrow('cannot be undone')
  expect((await gantry.api.platform(platform)).state).toBe('blocked')
  const began = seams.clock.now()
  expect(await gantry.cli(...resolve, '--yes')).toContain('quorum_lost of platform: refound.')
  await eventually(
    240_000,
    async () => ({ ...(await gantry.api.platform(platform)), ready: await judge.ready() }),
    (now) => now.state === 'ready' && now.ready.length === managers + workers,
  )
  return (seams.clock.now() - began) / 1000
}

test('a Swarm of three managers and a worker runs a service that keeps a word on each machine', async () => {
  project = await registerLab(gantry.api, lab.facts)
  const task = await gantry.api.createPlatform(project, {
    name: 'team-a',
    blueprint: 'swarm',
    parameters: { managers, workers, flavor: 'small', managerSpread: 'should' },
  })
  platform = task.target.id
  judge = judgeOf(lab, () => gantry.api, platform)
  await taskDone(() => gantry.api, task.id, 170_000)
  images = keepImage(() => gantry.api, platform, lab.facts.tinyImage, 'tiny:1')
  await images.everywhere(managers + workers)
  await createKeepingService(await judge.aManager(), 'tiny:1')
  const kept = await words()
  expect(new Set(kept.values()).size).toBe(managers + workers)
})

test('hibernated, its machines stand still at Incus and its quota is kept; woken, it is the same Swarm with the same data', async () => {
  const [before, kept] = [await gantry.api.project(project), await words()]
  const machines = await judge.containers()
  const asleep = await gantry.api.hibernatePlatform(platform)
  await taskDone(() => gantry.api, asleep.id, 170_000)
  expect(await judge.containers()).toEqual(machines.map(({ name }) => ({ name, status: 'Stopped' })))
  expect(await gantry.api.platform(platform)).toMatchObject({ state: 'hibernated', problems: [] })
  expect((await gantry.api.project(project)).shares).toEqual(before.shares)

  const began = seams.clock.now()
  const awake = await gantry.api.wakePlatform(platform)
  await taskDone(() => gantry.api, awake.id, 170_000)
  benchRow('incus: wake of a hibernated swarm of 4, to READY', (seams.clock.now() - began) / 1000)
  expect(await judge.containers()).toEqual(machines)
  await judge.isWhole(managers, workers)
  expect(await words()).toEqual(kept)
}, 500_000)

test('two of three managers are lost: the third goes on alone when a person says so, and its service with it', async () => {
  const kept = await words()
  await loseAtProvider(['manager-0', 'manager-1'])
  benchRow('incus: a lost quorum founded anew by its last manager, to READY', await refounded())
  await judge.isWhole(managers, workers)
  const now = await words()
  for (const member of ['manager-2', 'worker-0']) expect(now.get(member), member).toBe(kept.get(member))
}, 500_000)

test('all managers are lost: the worker leaves the swarm that was and joins the new one, with its data', async () => {
  const kept = await words()
  const before = (await gantry.api.platform(platform)).outputs['cluster-id']
  await loseAtProvider(['manager-0', 'manager-1', 'manager-2'])
  benchRow('incus: a quorum lost whole founded anew, to READY', await refounded())
  await judge.isWhole(managers, workers)
  expect((await gantry.api.platform(platform)).outputs['cluster-id']).not.toBe(before)
  await images?.everywhere(managers + workers)
  await createKeepingService(await judge.aManager(), 'tiny:1')
  expect((await words()).get('worker-0')).toBe(kept.get('worker-0'))
}, 500_000)

test('it is deleted, and Incus has none of its machines', async () => {
  const task = await gantry.api.deletePlatform(platform)
  await taskDone(() => gantry.api, task.id, 120_000)
  expect(await judge.names()).toEqual([])
})
