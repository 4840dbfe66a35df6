// What a person is told while it does not go well, and that nothing is done to what is not ours.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { MachineRequest, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
let platform: string
const world = quickWorld()
/** Scans come when a test asks for them: nothing here depends on who is first. */
const onlyWhenAsked = 3_600_000
const wish = { name: 'team-b', blueprint: 'machines', parameters: { count: 1 } }

beforeAll(async () => {
  on = await testGantry({ world, scanEveryMs: onlyWhenAsked })
  begun = await begin(on.api)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

/** The first explanation that the condition holds for. */
async function explained(holds: (body: Explained) => boolean): Promise<Explained> {
  return vi.waitFor(
    async () => {
      const { body } = await on.api('GET', `/v1/platforms/${platform}/explain`)
      if (!holds(body)) throw new Error(JSON.stringify(body))
      return body
    },
    { timeout: 60_000, interval: 20 },
  )
}
type Explained = Awaited<ReturnType<TestGantry['api']>>['body']

test('while its provider is away, explain says since when, why, and what is tried next', async () => {
  world.faults.unreachable = true
  const asked = new Date().toISOString()
  // No scan has seen it yet, so it is admitted.
  const task = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish)
  expect(task.body, JSON.stringify(task.body)).toMatchObject({ kind: 'platform.create', progress: { done: 0 } })
  platform = task.body.target.id
  const body = await explained(({ waiting }) => waiting[0]?.state === 'waiting' && waiting[0].problem !== null)
  expect(body.summary).toMatch(/^team-b is building since .* it waits for \d of \d steps\.$/)
  const [step] = body.waiting
  expect(step).toMatchObject({ step: 'machine/machine-0@1', waitsFor: [], problem: { code: 'provider_unreachable' } })
  expect(step.problem.next).toMatch(/\w/)
  expect(step.nextAt > asked).toBe(true)
  expect(body.next[0]).toBe(`machine/machine-0@1 is tried again at ${step.nextAt}.`)
})

test('once a scan has seen it away, what is asked for is refused with that and not with a want of capacity', async () => {
  await on.gantry.care.scanNow()
  for (const query of ['', '?dryRun=true']) {
    const path = `/v1/projects/${begun.project}/platforms${query}`
    const { status, body } = await on.api('POST', path, { ...wish, name: 'team-c' })
    expect({ status, body }).toMatchObject({ status: 409, body: { code: 'provider_unreachable' } })
    expect(body.detail).toBe('machine-0 found no host: dc1 cannot be reached.')
    expect(body.facts.hosts).toContain('host-1: its provider does not answer')
    expect(body.next).toMatch(/^Ask again/)
  }
})

test("a stranger's machine under the name of ours blocks, says so, and stays as it is", async () => {
  const machines = await on.api('GET', `/v1/machines?platform=${platform}`)
  const [host] = world.hosts
  if (!host) throw new Error('the world has hosts')
  const request: MachineRequest = {
    owner: 'somebody-else' as OwnerTag,
    hostname: 'stranger',
    resources: { cpu: 1, memoryBytes: 2 ** 30, diskBytes: 2 ** 30 },
    image: 'debian-12',
    zone: host.zone,
    host: host.name,
    spreadGroup: null,
    networks: [],
    loginUser: 'root',
    authorizedKey: 'ssh-ed25519 AAAA stranger',
    hostKey: { publicKey: 'ssh-ed25519 AAAA', privateKeyPem: '' },
    specHash: 'stranger',
  }
  const stranger = await world.add(machines.body.items[0].resourceKey as ResourceKey, request, host)
  world.faults.unreachable = false
  await on.gantry.care.scanNow()
  const body = await explained(({ state }) => state === 'blocked')
  expect(body.waiting[0]).toMatchObject({ state: 'blocked', problem: { code: 'resource_name_taken' } })
  expect(body.next[0]).toMatch(/Remove or rename/)
  const tasks = await on.api('GET', `/v1/tasks?platform=${platform}&state=blocked`)
  expect(tasks.body.items[0]).toMatchObject({ problem: { code: 'resource_name_taken' } })
  const waited = await on.api('GET', `/v1/tasks/${tasks.body.items[0].id}`, undefined, { prefer: 'wait=60' })
  expect(waited.body.state).toBe('blocked')
  expect(world.living().map((machine) => machine.request.hostname)).toEqual(['stranger'])
  expect(stranger.goneAt).toBeNull()
})

test('it can be deleted from there: the receipt is true and the stranger still stands', async () => {
  const answer = await on.api('DELETE', `/v1/platforms/${platform}`, undefined, { prefer: 'wait=60' })
  expect(answer.body, JSON.stringify(on.logged.slice(-5))).toMatchObject({ state: 'done' })
  expect(world.living().map((machine) => machine.request.hostname)).toEqual(['stranger'])
  const superseded = await on.api('GET', `/v1/tasks?platform=${platform}&state=superseded`)
  expect(superseded.body.items[0]).toMatchObject({ kind: 'platform.create', supersededBy: answer.body.id })
})
