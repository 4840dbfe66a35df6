// Lives to be recorded and run again. Together they hold every kind of request there is, and every trouble that a replay
// plays; the test asks for that.

import { z } from 'zod'
import { blueprints } from '../simulation/blueprints.ts'
import { hosts } from '../simulation/cloud.ts'
import type { Asked, Life } from './life.ts'

export interface Story {
  readonly name: string
  /** Answers the tasks whose journals are exported, at the end of the life. */
  live(life: Life): Promise<readonly string[]>
}

const problemsSchema = z.object({ items: z.array(z.object({ id: z.string(), code: z.string(), subject: z.string() })) })
const stateSchema = z.object({ state: z.string() })
const machinesSchema = z.object({
  items: z.array(z.object({ member: z.string(), state: z.string(), host: z.string() })),
})

const council = { blueprint: 'council', parameters: { voters: 3, workers: 2 } }
const plain = { blueprint: 'plain', parameters: { count: 2 } }

type Wish = { readonly blueprint: string; readonly parameters: Readonly<Record<string, unknown>> }

async function asked(life: Life, wish: Wish): Promise<Asked> {
  return life.ask('POST', `/v1/projects/${life.project}/platforms`, { name: 'team-a', ...wish })
}

async function built(life: Life, wish: Wish): Promise<Asked> {
  const made = await asked(life, wish)
  await life.ends(made.task, 'done')
  return made
}

/** Asks for something of the platform, and waits for its task. */
async function done(life: Life, { platform }: Asked, method: string, path: string, body?: unknown): Promise<string> {
  const { task } = await life.ask(method, `/v1/platforms/${platform}${path}`, body)
  await life.ends(task, 'done')
  return task
}

async function is(life: Life, { platform }: Asked, ...states: readonly string[]): Promise<void> {
  await life.until(`the platform is ${states.join(' or ')}`, async () =>
    states.includes(stateSchema.parse(await life.call('GET', `/v1/platforms/${platform}`)).state),
  )
}

/** Waits until the member's next machine serves. */
async function healed(life: Life, made: Asked, successor: string): Promise<void> {
  await life.until(`${successor} is ready`, async () => {
    if (!life.world.cloud.living().some(({ key }) => key.endsWith(`/${successor}`))) return false
    const { items } = machinesSchema.parse(await life.call('GET', `/v1/machines?platform=${made.platform}`))
    return items.some(({ member, state }) => member === successor.split('@')[0] && state === 'ready')
  })
  await is(life, made, 'ready')
}

async function problem(life: Life, { platform }: Asked, code: string): Promise<string> {
  let found: string | undefined
  await life.until(`${code} is told`, async () => {
    const { items } = problemsSchema.parse(await life.call('GET', `/v1/platforms/${platform}/problems?all=true`))
    found = items.find((one) => one.code === code)?.id
    return found !== undefined
  })
  return found ?? ''
}

async function resolved(life: Life, made: Asked, code: string, resolution: string): Promise<void> {
  const id = await problem(life, made, code)
  await life.call('POST', `/v1/platforms/${made.platform}/problems/${id}/resolve`, { resolution })
}

/** A blueprint of the simulation with its text changed, as another version. */
async function published(life: Life, name: string, version: string, edit: (text: string) => string): Promise<void> {
  const files = blueprints.find((one) => one['blueprint.yaml']?.startsWith(`\nname: ${name}\n`))
  if (!files) throw new Error(`there is no blueprint ${name}`)
  const text = edit((files['blueprint.yaml'] ?? '').replace(/^version: .*$/m, `version: ${version}`))
  const looks = ['well', 'there'].flatMap((what): [string, string][] =>
    text.includes(`scripts/${what}.sh`) ? [[`scripts/${what}.sh`, `echo ${what}`]] : [],
  )
  const scripts = Object.fromEntries(looks)
  await life.call('POST', '/v1/blueprints', { files: { ...scripts, ...files, 'blueprint.yaml': text } })
}

/** With a check of each machine, and a step that is verified. */
const watched = (text: string) =>
  text
    .replace('run: scripts/prepare.sh,', 'run: scripts/prepare.sh, verify: scripts/there.sh, every: 10s,')
    .replace(
      /^health:\n/m,
      'health:\n  machines:\n    worker: { run: scripts/well.sh, every: 5s, onFailure: recreate }\n    voter: { run: scripts/well.sh, every: 5s }\n',
    )

export const stories: readonly Story[] = [
  {
    name: 'a build in bad weather',
    async live(life) {
      const { weather } = life.world.cloud
      Object.assign(weather, { loseCreateReplies: 1, throttle: 3, failScripts: 1, slowScripts: 1, breakCalls: 2 })
      weather.unreachableUntil = life.world.clock.now() + 9_000
      const made = await asked(life, council)
      await life.passes(12_000)
      Object.assign(weather, { lateCreates: 1, failBoots: 1 })
      await life.ends(made.task, 'done')
      return [made.task]
    },
  },
  {
    name: 'scaled, changed, upgraded, rolled back, renewed',
    async live(life) {
      const made = await built(life, council)
      const up = await done(life, made, 'PATCH', '', { parameters: { workers: 3 } })
      const down = await done(life, made, 'PATCH', '', { groups: { worker: { count: 1 } } })
      const changed = await done(life, made, 'PATCH', '', { parameters: { revision: 2 } })
      await published(life, 'council', '1.1.0', (text) =>
        text.replace('run: scripts/drain.sh', 'run: scripts/drain.sh, deadline: 5m'),
      )
      const upgraded = await done(life, made, 'PATCH', '', { blueprint: 'council@1.1.0', parameters: { revision: 3 } })
      const back = await done(life, made, 'POST', '/rollback', {})
      const renewed = await done(life, made, 'POST', '/renew')
      return [made.task, up, down, changed, upgraded, back, renewed]
    },
  },
  {
    name: 'an upgrade in mid-upgrade taken back, kept warm and undone',
    async live(life) {
      await published(life, 'plain', '1.1.0', (text) =>
        text.replace('strategy: inPlace', 'strategy: replace, keepWarm: 10m'),
      )
      const made = await built(life, { ...plain, blueprint: 'plain@1.1.0' })
      const { task } = await life.ask('PATCH', `/v1/platforms/${made.platform}`, { parameters: { revision: 2 } })
      await life.passes(4_000)
      const back = await done(life, made, 'POST', '/rollback', {})
      const again = await done(life, made, 'PATCH', '', { parameters: { revision: 3 } })
      const undone = await done(life, made, 'POST', '/rollback', {})
      await life.passes(20 * 60_000)
      return [task, back, again, undone]
    },
  },
  {
    name: 'cancelled in mid-build and resumed, paused and resumed, hibernated and woken',
    async live(life) {
      const made = await asked(life, council)
      await life.passes(5_000)
      await life.call('POST', `/v1/tasks/${made.task}/cancel`)
      await life.passes(60_000)
      const resumed = await done(life, made, 'POST', '/resume')
      await life.call('POST', `/v1/platforms/${made.platform}/pause`)
      await life.passes(120_000)
      const gone = await done(life, made, 'POST', '/resume')
      const asleep = await done(life, made, 'POST', '/hibernate')
      await is(life, made, 'hibernated')
      // Longer than a replay rests.
      await life.passes(3 * 3_600_000)
      const awake = await done(life, made, 'POST', '/wake')
      return [made.task, resumed, gone, asleep, awake]
    },
  },
  {
    name: 'deleted in mid-build',
    async live(life) {
      const made = await asked(life, council)
      await life.passes(5_000)
      const gone = await done(life, made, 'DELETE', '')
      return [made.task, gone]
    },
  },
  {
    name: 'deleted while the provider cannot be reached, and loses an answer',
    async live(life) {
      const made = await built(life, plain)
      const { weather } = life.world.cloud
      weather.unreachableUntil = life.world.clock.now() + 40_000
      weather.loseDestroyReplies = 1
      return [await done(life, made, 'DELETE', '')]
    },
  },
  {
    name: 'forgotten while the provider refuses us',
    async live(life) {
      const made = await built(life, plain)
      life.world.cloud.weather.deniedUntil = life.world.clock.now() + 10 * 3_600_000
      const { task } = await life.ask('DELETE', `/v1/platforms/${made.platform}`)
      await life.ends(task, 'blocked')
      await life.call('POST', `/v1/platforms/${made.platform}/forget`, { reason: 'it was sold' })
      await life.ends(task, 'done')
      return [task]
    },
  },
  {
    name: 'one machine forgotten while the provider refuses us',
    async live(life) {
      const made = await built(life, plain)
      life.world.cloud.weather.deniedUntil = life.world.clock.now() + 10 * 3_600_000
      const { task } = await life.ask('PATCH', `/v1/platforms/${made.platform}`, { parameters: { count: 1 } })
      const id = await problem(life, made, 'machine_not_gone')
      await life.call('POST', `/v1/platforms/${made.platform}/problems/${id}/forget`, { reason: 'it was sold' })
      await life.ends(task, 'done')
      return [task]
    },
  },
  {
    name: 'blocked, tried again, and blocked once more',
    async live(life) {
      const { weather } = life.world.cloud
      weather.failScripts = 1_000
      const made = await asked(life, plain)
      await life.ends(made.task, 'blocked')
      weather.failScripts = 0
      await life.call('POST', `/v1/platforms/${made.platform}/retry`)
      await life.ends(made.task, 'done')
      weather.failScripts = 1_000
      const { task } = await life.ask('PATCH', `/v1/platforms/${made.platform}`, { parameters: { revision: 2 } })
      await life.ends(task, 'failed')
      return [made.task, task]
    },
  },
  {
    name: 'an upgrade that stops at its canary, tried again',
    async live(life) {
      const made = await built(life, { ...plain, parameters: { count: 3 } })
      const { weather } = life.world.cloud
      weather.failScripts = 1_000
      const { task } = await life.ask('PATCH', `/v1/platforms/${made.platform}`, { parameters: { revision: 2 } })
      await life.ends(task, 'failed')
      weather.failScripts = 0
      return [task, await done(life, made, 'POST', '/retry')]
    },
  },
  {
    name: 'operations: done, cancelled, failed, tried again',
    async live(life) {
      const made = await built(life, council)
      const survey = await done(life, made, 'POST', '/operations', { operation: 'survey' })
      life.world.cloud.weather.slowScripts = 3
      const cancelled = await life.ask('POST', `/v1/platforms/${made.platform}/operations`, { operation: 'rekey' })
      await life.passes(3_000)
      await life.call('POST', `/v1/tasks/${cancelled.task}/cancel`)
      life.world.cloud.weather.failScripts = 1_000
      await life.passes(60_000)
      const failed = await life.ask('POST', `/v1/platforms/${made.platform}/operations`, { operation: 'survey' })
      await life.ends(failed.task, 'failed')
      life.world.cloud.weather.failScripts = 0
      const again = await life.ask('POST', `/v1/tasks/${failed.task}/retry`)
      await life.ends(again.task, 'done')
      return [survey, cancelled.task, failed.task, again.task]
    },
  },
  {
    name: 'repairs of what was lost: a worker, the founder, a host',
    async live(life) {
      const made = await built(life, council)
      life.world.cloud.vanish(life.vm('worker-0@1'))
      await healed(life, made, 'worker-0@2')
      life.world.cloud.vanish(life.vm('voter-0@1'))
      await healed(life, made, 'voter-0@2')
      Object.assign(life.vm('worker-1@1'), { power: 'off' })
      await healed(life, made, 'worker-1@2')
      const change = await done(life, made, 'PATCH', '', { parameters: { revision: 2 } })
      return [change]
    },
  },
  {
    name: 'checks that fail: a worker that hangs and one that is ill, a step undone, a machine changed',
    async live(life) {
      await published(life, 'council', '1.2.0', watched)
      const made = await built(life, { ...council, blueprint: 'council@1.2.0' })
      const ill = (one: Parameters<typeof life.ills.add>[0]) => life.ills.add(one)
      ill({ member: 'worker-0@1', script: 'echo well', hangs: true })
      await problem(life, made, 'machine_hung')
      await healed(life, made, 'worker-0@2')
      ill({ member: 'worker-1@1', script: 'echo well' })
      await problem(life, made, 'member_unhealthy')
      await healed(life, made, 'worker-1@2')
      const undone = { member: 'worker-1@2', script: 'echo there' }
      ill(undone)
      await problem(life, made, 'step_drifted')
      life.ills.delete(undone)
      await is(life, made, 'ready')
      const changed = life.vm('worker-0@2')
      Object.assign(changed, { request: { ...changed.request, specHash: 'another' } })
      await resolved(life, made, 'machine_changed', 'recreate')
      await healed(life, made, 'worker-0@3')
      const sick = { member: 'voter-1@1', script: 'play health' }
      ill(sick)
      ill({ ...sick, member: 'voter-0@1' })
      ill({ ...sick, member: 'voter-2@1' })
      await resolved(life, made, 'platform_unhealthy', 'ignore')
      life.ills.clear()
      await life.passes(300_000)
      const change = await done(life, made, 'PATCH', '', { parameters: { workers: 1 } })
      return [change]
    },
  },
  {
    name: 'a host that dies, and a zone',
    async live(life) {
      const { weather } = life.world.cloud
      const made = await built(life, council)
      const { host } = life.vm('worker-0@1')
      await life.call('POST', `/v1/platforms/${made.platform}/pause`)
      weather.hostsDown.add(host)
      await problem(life, made, 'host_dead')
      // Nobody is made anew meanwhile, so they come back.
      weather.hostsDown.delete(host)
      await life.passes(120_000)
      const resumed = await done(life, made, 'POST', '/resume')
      weather.hostsDown.add(host)
      await healed(life, made, 'worker-0@2')
      weather.hostsDown.delete(host)
      await life.passes(120_000)
      const { zone } = life.vm('worker-0@2')
      for (const one of hosts) if (one.zone === zone) weather.hostsDown.add(one.name)
      await problem(life, made, 'zone_dead')
      await healed(life, made, 'worker-0@3')
      const change = await done(life, made, 'PATCH', '', { parameters: { workers: 1 } })
      return [resumed, change]
    },
  },
  {
    name: 'a quorum that was lost, founded anew',
    async live(life) {
      const made = await built(life, council)
      for (const member of ['voter-0@1', 'voter-1@1']) life.world.cloud.vanish(life.vm(member))
      await resolved(life, made, 'quorum_lost', 'refound')
      await is(life, made, 'ready')
      await life.passes(60_000)
      await is(life, made, 'ready')
      const change = await done(life, made, 'PATCH', '', { parameters: { workers: 1 } })
      return [change]
    },
  },
  {
    name: 'a host emptied and taken back',
    async live(life) {
      const made = await built(life, council)
      const { host } = life.vm('worker-0@1')
      const path = `/v1/providers/${life.provider}/hosts/${host}/maintenance`
      await life.call('POST', path, { reason: 'a new disk' })
      await life.until('it is empty', async () => life.world.cloud.living().every((vm) => vm.host !== host))
      await life.call('DELETE', path)
      await is(life, made, 'ready')
      const change = await done(life, made, 'PATCH', '', { parameters: { revision: 2 } })
      return [change]
    },
  },
  {
    name: 'a Gantry that was killed in mid-build and in mid-change',
    async live(life) {
      const made = await asked(life, council)
      for (const boundary of [3, 11, 40, 90]) {
        life.processes.at(0)?.killAt(boundary)
        await life.passes(4_000)
      }
      await life.ends(made.task, 'done')
      const { task } = await life.ask('PATCH', `/v1/platforms/${made.platform}`, { parameters: { revision: 2 } })
      for (const boundary of [5, 20, 60]) {
        life.processes.at(0)?.killAt(boundary)
        await life.passes(4_000)
      }
      life.processes.heal()
      await life.ends(task, 'done')
      return [made.task, task]
    },
  },
]
