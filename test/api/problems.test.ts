// Problems as people meet them, over HTTP and on the command line: what is told, to whom, and what may be chosen.

import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { typed } from '../cli/command-line.ts'
import { type TestGantry, testGantry } from './support/gantry.ts'
import { quickWorld, upUrl } from './support/memory-kind.ts'
import { type Begun, begin } from './support/story.ts'

let on: TestGantry
let begun: Begun
const hosts = ['a', 'a', 'b'].map((zone, index) => ({ name: `host-${index + 1}`, zone: `zone-${zone}` }))
const world = quickWorld({ hosts })
type Body = Awaited<ReturnType<TestGantry['api']>>['body']

beforeAll(async () => {
  on = await testGantry({ world, scanEveryMs: 3_600_000 })
  begun = await begin(on.api)
})
afterAll(async () => {
  await on[Symbol.asyncDispose]()
})

async function make(
  name: string,
  parameters: Record<string, number | string>,
  blueprint = 'machines',
): Promise<string> {
  const wish = { name, blueprint, parameters }
  const task = await on.api('POST', `/v1/projects/${begun.project}/platforms`, wish, { prefer: 'wait=60' })
  expect(task.body.state, JSON.stringify(task.body)).toBe('done')
  return task.body.target.id
}
const problemsOf = async (platform: string): Promise<Body[]> =>
  (await on.api('GET', `/v1/platforms/${platform}/problems`)).body.items
const gantry = (line: string) => typed(`--url ${on.gantry.url} --token ${on.token} ${line}`, on.folder, {})

async function reaches(platform: string, state: string): Promise<Body> {
  return vi.waitFor(
    async () => {
      const { body } = await on.api('GET', `/v1/platforms/${platform}`)
      if (body.state !== state) throw new Error(`${body.state}: ${body.stateReason}`)
      return body
    },
    { timeout: 60_000, interval: 20 },
  )
}

test('a dead host is one problem, with its machines, of the platform and of its provider; recreate lets repair go on', async () => {
  const platform = await make('on-hosts', { count: 3 })
  await on.api('POST', `/v1/platforms/${platform}/pause`)
  const dead = world.living().filter((machine) => machine.host === 'host-1')
  Object.assign(world.hosts.find(({ name }) => name === 'host-1') ?? {}, { state: 'unreachable' })
  for (const machine of dead) world.kill(machine, 'vanished')
  await on.gantry.care.scanNow()
  const [problem, ...others] = await problemsOf(platform)
  expect(others).toEqual([])
  const members = dead.map(({ key }) => String(key).split('/').at(-1))
  expect(problem).toMatchObject({
    code: 'host_dead',
    subject: 'host-1',
    provider: begun.provider,
    resolutions: ['recreate', 'ignore'],
  })
  expect(problem.machines.map(({ member }: Body) => member)).toEqual(members)
  const seen = (await on.api('GET', `/v1/providers/${begun.provider}/problems`)).body.items
  expect(seen).toMatchObject([
    { code: 'host_dead', place: 'host-1', machines: members.length, platforms: [{ platform, name: 'on-hosts' }] },
  ])
  const [name] = (await on.api('GET', '/v1/providers')).body.items.map((one: Body) => one.name)
  const told = await gantry(`provider problems ${name}`)
  expect(told.out).toContain('host_dead  host-1')
  expect(told.out).toContain(`on-hosts  1 machine: ${members[0]}`)
  expect((await gantry('platform problems on-hosts')).out).toContain('host_dead')
  expect((await on.api('GET', '/v1/events?kind=host.problem')).body.items).toMatchObject([
    { subject: { kind: 'host', id: `${begun.provider}/host-1` }, data: { code: 'host_dead', now: 'opened' } },
  ])
  await on.api('POST', `/v1/platforms/${platform}/resume`)
  await gantry(`platform resolve on-hosts ${problem.id} --by recreate`)
  await reaches(platform, 'ready')
  expect(await problemsOf(platform)).toEqual([])
  expect((await on.api('GET', `/v1/providers/${begun.provider}/problems`)).body.items).toEqual([])
  expect((await gantry(`provider problems ${name}`)).out).toContain(`Nothing is wrong with ${name}.`)
  const all = (await on.api('GET', `/v1/platforms/${platform}/problems?all=true`)).body.items
  expect(all).toMatchObject([{ code: 'host_dead', resolution: 'recreate', machines: [{ member: members[0] }] }])
})

test('a machine that cannot be proven gone is let go with a reason, and what may be left is listed', async () => {
  const platform = await make('left-behind', { count: 2 })
  // Another server answers at the address: it is not believed, so nothing it does not show counts as gone.
  on.servers.set(upUrl, { world, identity: 'server-b' })
  const change = await on.api('PATCH', `/v1/platforms/${platform}`, { parameters: { count: 1 } }, { 'if-match': '*' })
  expect(change.status, JSON.stringify(change.body)).toBe(202)
  const [problem] = await vi.waitFor(
    async () => {
      const found = await problemsOf(platform)
      if (found.length === 0) throw new Error('nothing is told')
      return found
    },
    { timeout: 60_000, interval: 20 },
  )
  expect(problem).toMatchObject({ code: 'machine_not_gone', subject: 'machine-1@1', resolutions: ['retry', 'forget'] })
  const path = `/v1/platforms/${platform}/problems/${problem.id}`
  expect(await on.api('POST', `${path}/resolve`, { resolution: 'recreate' })).toMatchObject({ status: 409 })
  expect(await on.api('POST', `${path}/forget`, {})).toMatchObject({ status: 422 })
  const unsaid = await gantry(`platform resolve left-behind ${problem.id} --by forget`)
  expect(unsaid).toMatchObject({ code: 2, err: expect.stringContaining('Say why nobody can prove it gone') })
  const { code, out } = await gantry(`platform resolve left-behind ${problem.id} --by forget --reason burnt`)
  expect(code).toBe(0)
  expect(out).toContain('The machine is forgotten.')
  expect(out).toMatch(/What may be left at its provider:\n +machine-1@1 +\S+\/machine-1@1 +sim-/)
  await reaches(platform, 'ready')
  const told = (await on.api('GET', `/v1/events?platform=${platform}&kind=machine.forgotten`)).body.items
  expect(told).toMatchObject([{ cause: 'burnt', data: { left: [{ member: 'machine-1@1' }] } }])
  expect(await on.api('POST', `${path}/forget`, { reason: 'again' })).toMatchObject({ status: 409 })
  on.servers.set(upUrl, { world, identity: 'server-a' })
  await vi.waitFor(
    async () => {
      await on.gantry.care.scanNow()
      expect(world.living().some(({ key }) => String(key).includes(`${platform}/machine-1@1`))).toBe(false)
    },
    { timeout: 60_000, interval: 500 },
  )
})

test('voters that are off are started again over HTTP: the same machines, and nothing is founded', async () => {
  const platform = await make('stopped', { managers: 3, workers: 0, managerSpread: 'should' }, 'swarm')
  const own = () => world.living().filter(({ key }) => String(key).includes(platform))
  const before = own().map(({ key }) => key)
  // Else the first that is found may be on its way out when the second is.
  await on.api('POST', `/v1/platforms/${platform}/pause`)
  for (const manager of own().slice(0, 2)) world.kill(manager, 'off')
  const problem = await vi.waitFor(
    async () => {
      await on.gantry.care.scanNow()
      const found = (await problemsOf(platform)).find(({ code }) => code === 'quorum_lost')
      if (!found) throw new Error('no quorum is lost yet')
      return found
    },
    { timeout: 40_000, interval: 500 },
  )
  await on.api('POST', `/v1/platforms/${platform}/resume`)
  expect((await gantry(`platform resolve stopped ${problem.id} --by restore`)).code).toBe(0)
  await reaches(platform, 'ready')
  expect(own().map(({ key }) => key)).toEqual(before)
  expect(await problemsOf(platform)).toEqual([])
})

test('who ignored a dead machine may still have it made anew, as long as it is dead', async () => {
  const platform = await make('left-alone', { count: 1 })
  const [machine] = world.living().filter(({ key }) => String(key).includes(platform))
  if (!machine) throw new Error('no machine')
  await on.api('POST', `/v1/platforms/${platform}/pause`)
  world.kill(machine, 'vanished')
  await on.gantry.care.scanNow()
  const [dead] = await problemsOf(platform)
  expect((await gantry(`platform resolve left-alone ${dead.id} --by ignore`)).code).toBe(0)
  await on.api('POST', `/v1/platforms/${platform}/resume`)
  await reaches(platform, 'degraded')
  expect(await problemsOf(platform)).toEqual([])
  expect((await gantry('platform problems left-alone --all')).out).toMatch(
    /machine_dead +machine-0@1 .* ignore +recreate/,
  )
  const again = await gantry(`platform resolve left-alone ${dead.id} --by ignore`)
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining('resolved already: ignore') })
  expect((await gantry(`platform resolve left-alone ${dead.id} --by recreate`)).code).toBe(0)
  await reaches(platform, 'ready')
  const late = await gantry(`platform resolve left-alone ${dead.id} --by recreate`)
  expect(late).toMatchObject({ code: 1, err: expect.stringContaining('resolved already') })
})
test('a lost quorum is founded anew over HTTP and on the command line, there only with --yes', async () => {
  const platform = await make('lost', { managers: 1, workers: 0 }, 'swarm')
  const lose = async () => {
    const [manager] = world.living().filter(({ key }) => String(key).includes(platform))
    if (!manager) throw new Error('no manager')
    world.kill(manager, 'vanished')
    await on.gantry.care.scanNow()
    await reaches(platform, 'blocked')
    return (await problemsOf(platform)).find(({ code }) => code === 'quorum_lost')
  }
  const first = await lose()
  expect(first).toMatchObject({ resolutions: ['refound', 'delete'], machines: [{ member: 'manager-0@1' }] })
  const unsure = await gantry(`platform resolve lost ${first.id} --by refound`)
  expect(unsure).toMatchObject({ code: 2, err: expect.stringContaining(`--by refound --yes`) })
  expect((await reaches(platform, 'blocked')).problems).toHaveLength(2)
  expect((await gantry(`platform resolve lost ${first.id} --by refound --yes`)).code).toBe(0)
  await reaches(platform, 'ready')
  expect(await problemsOf(platform)).toEqual([])
  const second = await lose()
  const path = `/v1/platforms/${platform}/problems/${second.id}/resolve`
  expect(await on.api('POST', path, { resolution: 'refound' })).toMatchObject({ status: 200 })
  await reaches(platform, 'ready')
  const all = (await on.api('GET', `/v1/platforms/${platform}/problems?all=true`)).body.items
  expect(all.filter(({ code }: Body) => code === 'quorum_lost').map(({ resolution }: Body) => resolution)).toEqual([
    'refound',
    'refound',
  ])
})
