// The main job on real machines: a tenant asks for a Swarm of three through the REST API and gets it; it is looked at from
// outside by the platform's key; a machine is killed and replaced; in the end nothing is left, by Incus' own word.

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { nativeName } from '../../providers/incus/tags.ts'
import type { ResourceKey } from '../../src/provider/contract.ts'
import { type Lab, startLab } from '../lab/incus/lab.ts'
import { benchRow } from './bench.ts'
import { instanceConfigSchema } from './judge.ts'
import { type GantryServer, startGantry } from './server.ts'
import { eventually, seams } from './support.ts'
import { allNodes, createWebService, importImage, logins, readyNodes, runningOn } from './swarm.ts'
import { registerLab, taskDone } from './tenant.ts'

let lab: Lab
let gantry: GantryServer
let project: string
let platform: string
/** The installation's id, with which everything of it is tagged at the provider. */
let owner = ''
/** What Gantry promises by default: so soon a machine that vanished is missed. */
const noticeWithinMs = 70_000

beforeAll(async () => {
  lab = await startLab()
  gantry = await startGantry()
  project = await registerLab(gantry.api, lab.facts)
})

afterEach(({ task }) => {
  if (task.result?.state === 'fail') console.log(gantry.log())
})

afterAll(async () => {
  await gantry?.[Symbol.asyncDispose]()
  // What a failed test left; a lab that stays up is not to fill with it.
  for (const name of owner ? await ourContainers() : []) await lab.incus('delete', '--force', name)
  await lab?.[Symbol.asyncDispose]()
})

const instancesSchema = z.array(z.object({ name: z.string(), config: instanceConfigSchema }))

/** Names of the containers that are tagged as ours, by Incus' own client. */
async function ourContainers(): Promise<string[]> {
  const answer = await lab.incus('list', '--all-projects', '--format', 'json')
  const all = instancesSchema.parse(JSON.parse(answer))
  return all.filter(({ config }) => config['user.gantry.owner'] === owner).map(({ name }) => name)
}

/** The installation's id is the beginning of every key it gives. */
function ownerOf(machines: readonly { readonly resourceKey: string }[]): string {
  return machines[0]?.resourceKey.split('/')[0] ?? ''
}

async function login(member: string) {
  const found = (await logins(gantry.api, platform)).get(member)
  if (!found) throw new Error(`${member} is not ready`)
  return found
}

test('a Swarm of three is asked for by REST and becomes ready, with three nodes Ready by docker node ls', async () => {
  const began = seams.clock.now()
  const task = await gantry.api.createPlatform(project, {
    name: 'team-a',
    blueprint: 'swarm',
    parameters: { managers: 1, workers: 2, flavor: 'small' },
  })
  platform = task.target.id
  const done = await taskDone(() => gantry.api, task.id, 170_000)
  const seconds = (seams.clock.now() - began) / 1000
  expect(await gantry.api.platform(platform)).toMatchObject({ state: 'ready', machines: { wanted: 3, ready: 3 } })
  const machines = await gantry.api.machines({ platform, state: 'ready' })
  owner = ownerOf(machines)
  expect((await ourContainers()).sort()).toEqual(machines.map(({ nativeRef }) => nativeRef).sort())
  expect(await readyNodes(await login('manager-0'))).toEqual(['manager-0', 'worker-0', 'worker-1'])
  benchRow('incus: swarm of 3, request to READY', seconds, { task: done.seconds })
})

test('a replicated service runs on all three machines and each answers from outside', async () => {
  const machines = await logins(gantry.api, platform)
  await Promise.all([...machines.values()].map((machine) => importImage(machine, lab.facts.tinyImage, 'tiny:1')))
  const manager = await login('manager-0')
  await createWebService(manager, 'tiny:1', 3)
  await eventually(
    60_000,
    () => runningOn(manager, 'web'),
    (nodes) => nodes.length === 3,
  )
  expect(await runningOn(manager, 'web')).toEqual(['manager-0', 'worker-0', 'worker-1'])
  for (const [member, { address }] of machines) {
    const answer = await eventually(
      15_000,
      () => fetch(`http://${address}:8080/`).then((r) => r.text()),
      (text) => text !== '',
    )
    expect(answer.trim()).toBe(member)
  }
})

test('a machine whose limits somebody changed is told, one that somebody deleted is replaced, and the service is whole again', async () => {
  const machines = await gantry.api.machines({ platform, state: 'ready' })
  const [changed, victim] = ['worker-0', 'worker-1'].map((name) => machines.find(({ member }) => member === name))
  if (!changed?.nativeRef || !victim?.nativeRef) throw new Error('a worker has no native name')
  const limit = (await lab.incus('config', 'get', changed.nativeRef, 'limits.memory')).trim()
  const began = seams.clock.now()
  const seconds = () => (seams.clock.now() - began) / 1000
  await lab.incus('config', 'set', changed.nativeRef, 'limits.memory=3GiB')
  await lab.incus('delete', '--force', victim.nativeRef)
  const problemsOf = async (subject: string) =>
    (await gantry.api.platformProblems(platform))
      .filter((problem) => problem.subject === subject)
      .map(({ code }) => code)
  const [noticed, told] = await Promise.all([
    eventually(
      noticeWithinMs,
      async () => (await gantry.api.machines({ platform })).some(({ name }) => name === 'worker-1@2'),
      (has) => has,
    ).then(seconds),
    eventually(
      noticeWithinMs,
      () => problemsOf('worker-0@1'),
      (codes) => codes.includes('machine_changed'),
    ).then(seconds),
  ])
  benchRow('incus: worker deleted behind our back, noticed', noticed)
  benchRow('incus: machine changed behind our back, told', told)
  await lab.incus('config', 'set', changed.nativeRef, `limits.memory=${limit}`)
  const healed = await eventually(
    160_000,
    () => gantry.api.platform(platform),
    ({ state, groups }) => {
      const worker = groups
        .flatMap(({ members }) => members)
        .find(({ name, incarnation }) => name === 'worker-1' && incarnation === 2)
      return state === 'ready' && worker?.machineState === 'ready'
    },
  )
  benchRow('incus: worker deleted behind our back, to READY', seconds())
  expect(healed.machines).toEqual({ wanted: 3, ready: 3 })
  const manager = await login('manager-0')
  expect(await readyNodes(manager)).toEqual(['manager-0', 'worker-0', 'worker-1-2'])
  await eventually(
    20_000,
    () => allNodes(manager),
    (nodes) => nodes.length === 3,
  )
  const containers = await eventually(30_000, ourContainers, (names) => names.length === 3)
  expect(containers).not.toContain(victim.nativeRef)
  // The others were not touched: their containers are the ones from the beginning.
  const now = await gantry.api.machines({ platform, state: 'ready' })
  expect(now.map(({ name }) => name).sort()).toEqual(['manager-0@1', 'worker-0@1', 'worker-1@2'])
  await importImage(await login('worker-1'), lab.facts.tinyImage, 'tiny:1')
  await eventually(
    90_000,
    () => runningOn(manager, 'web'),
    (nodes) => nodes.length === 3,
  )
  // Changed back, it is as it was asked for.
  await eventually(
    noticeWithinMs,
    () => problemsOf('worker-0@1'),
    (codes) => codes.length === 0,
  )
})

test("a stranger's container under the name of a replacement is left alone, named as the problem, and waited for", async () => {
  const ours = await gantry.api.machines({ platform, state: 'ready' })
  const victim = ours.find(({ name }) => name === 'worker-0@1')
  if (!victim?.nativeRef) throw new Error('worker-0 has no native name')
  const next = nativeName(victim.resourceKey.replace('@1', '@2') as ResourceKey)
  await lab.incus('create', lab.facts.image, next, '--storage', lab.facts.pool)
  try {
    await lab.incus('delete', '--force', victim.nativeRef)
    const blocked = await eventually(
      60_000,
      () => gantry.api.explain(platform),
      ({ waiting }) => waiting.some(({ problem }) => problem?.code === 'resource_name_taken'),
    )
    expect(JSON.stringify(blocked.waiting)).toContain(next)
    expect(await lab.incus('list', next, '--format', 'csv', '-c', 'ns')).toContain(`${next},STOPPED`)
  } finally {
    await lab.incus('delete', '--force', next)
  }
  // It comes round by itself, slowly; a change of the provider says that it is worth looking now.
  await gantry.api.setProvider(victim.provider, { labels: { cleaned: 'yes' } })
  await eventually(
    150_000,
    () => gantry.api.platform(platform),
    ({ state, machines }) => state === 'ready' && machines.ready === 3,
  )
  expect(await readyNodes(await login('manager-0'))).toEqual(['manager-0', 'worker-0-2', 'worker-1-2'])
})

test('the platform is deleted: the receipt names every machine there ever was, and Incus has none of them', async () => {
  const began = seams.clock.now()
  const task = await gantry.api.deletePlatform(platform)
  const done = await taskDone(() => gantry.api, task.id, 120_000)
  benchRow('incus: swarm of 3 deleted', (seams.clock.now() - began) / 1000)
  expect(await ourContainers()).toEqual([])
  if (!done.receipt) throw new Error('no receipt')
  const receipt = await gantry.api.receipt(done.receipt)
  expect(receipt.state).toBe('complete')
  const members = new Set(receipt.objects.map(({ member }) => member))
  expect([...members].sort()).toEqual(['manager-0@1', 'worker-0@1', 'worker-0@2', 'worker-1@1', 'worker-1@2'])
  expect((await gantry.api.platform(platform)).state).toBe('deleted')
})

test('a Gantry that is killed again and again while it builds and deletes ends with what was asked for, and nothing more', async () => {
  const task = await gantry.api.createPlatform(project, {
    name: 'team-b',
    blueprint: 'swarm',
    parameters: { managers: 1, workers: 2, flavor: 'small' },
  })
  platform = task.target.id
  for (const afterMs of [300, 1500, 2500, 700, 3500, 1200]) {
    await seams.clock.sleep(afterMs)
    await gantry.killAndRestart()
  }
  await taskDone(() => gantry.api, task.id, 120_000)
  expect(await readyNodes(await login('manager-0'))).toEqual(['manager-0', 'worker-0', 'worker-1'])
  const machines = await gantry.api.machines({ platform, state: 'ready' })
  owner = ownerOf(machines)
  // All of the first incarnation: a killed Gantry costs nobody a machine.
  expect(machines.map(({ name }) => name).sort()).toEqual(['manager-0@1', 'worker-0@1', 'worker-1@1'])
  expect((await ourContainers()).sort()).toEqual(machines.map(({ nativeRef }) => nativeRef).sort())

  const removal = await gantry.api.deletePlatform(platform)
  for (const afterMs of [200, 900]) {
    await seams.clock.sleep(afterMs)
    await gantry.killAndRestart()
  }
  await taskDone(() => gantry.api, removal.id, 120_000)
  expect(await ourContainers()).toEqual([])
})
