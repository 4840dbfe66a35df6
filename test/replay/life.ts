// A life to be recorded: a whole Gantry over the cloud of the simulation, on a virtual clock, asked through its API.

import { z } from 'zod'
import { type Remote, RemoteFault } from '../../src/bootstrap/remote.ts'
import type { SecretRef } from '../../src/secrets/index.ts'
import type { Setting } from '../simulation/action.ts'
import type { Answer } from '../simulation/process.ts'
import { openProcesses, type Processes } from '../simulation/processes.ts'
import type { Template } from '../simulation/template.ts'
import type { Vm } from '../simulation/vm.ts'
import { openWorld, type World } from '../simulation/world.ts'

export interface Life extends AsyncDisposable {
  readonly world: World
  readonly processes: Processes
  readonly project: string
  readonly provider: string
  /** One call; throws for a status of 400 and above. */
  call(method: string, path: string, body?: unknown): Promise<Answer['body']>
  /** A request that is followed by a task; answers the task's id. */
  ask(method: string, path: string, body?: unknown): Promise<Asked>
  /** Lets time pass until it holds; throws after an hour of it. */
  until(what: string, holds: () => Promise<boolean>): Promise<void>
  /** Until the task has one of these states. */
  ends(task: string, ...states: readonly string[]): Promise<void>
  passes(ms: number): Promise<void>
  /** Checks that fail now. */
  readonly ills: Set<Ill>
  /** The machine of a member, as the cloud has it. */
  vm(member: string): Vm
  journal(task: string): Promise<string>
  /** Everything that the installation keeps secret. */
  secrets(): Promise<readonly string[]>
}

/** A check of a member fails, or hangs. */
export interface Ill {
  readonly member: string
  /** A part of its text. */
  readonly script: string
  readonly hangs?: boolean
}

export interface Asked {
  readonly task: string
  readonly platform: string
}

const taskSchema = z.object({ id: z.string(), target: z.object({ id: z.string() }) })
const stateSchema = z.object({ state: z.string() })

export const fairSetting: Setting = {
  seed: 7,
  cloud: { lookup: 'consistent', settleMs: 2_000, latencyMs: 40 },
  processes: 1,
  oneMachine: true,
  deleteAll: false,
  streams: false,
  lost: 'delete',
}
const patienceMs = 3_600_000

export async function openLife(template: Template, setting: Setting = fairSetting): Promise<Life> {
  const world = openWorld(template, setting, {})
  const { clock } = world
  const ills = new Set<Ill>()
  const known = new Set<string>()
  const processes = openProcesses({ ...world, remote: sickly(world, ills) })
  await clock.runUntil(processes.startAll())
  const { project = '' } = template.tenants[1] ?? {}

  async function send(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const [process] = processes.answering()
      if (process) return clock.runUntil(process.request(method, path, body))
      if (tries > 60) throw new Error(`nobody answers ${method} ${path}`)
      await clock.advance(1_000)
    }
  }

  async function call(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await send(method, path, body)
    if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
  }

  async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const limit = clock.now() + patienceMs
    while (!(await holds())) {
      if (clock.now() > limit)
        throw new Error(`it never came to this: ${what}\n${world.journal.tail.slice(-30).join('\n')}`)
      await clock.advance(500)
    }
  }

  /** Of what is destroyed later, too. */
  async function learnSecrets(): Promise<void> {
    const [process] = processes.answering()
    if (!process) return
    const { store, vault } = process.house.rooms
    const rows = store.read.selectFrom('secrets').select(['id', 'version']).where('ciphertext', '!=', '').execute()
    for (const { id, version } of await clock.runUntil(rows))
      known.add(await clock.runUntil(vault.get(store.read, `${id}@${version}` as SecretRef)))
  }

  return {
    world,
    processes,
    project,
    provider: template.provider,
    call,
    until,
    ills,
    vm(member) {
      const found = world.cloud.living().find(({ key }) => key.endsWith(`/${member}`))
      if (!found) throw new Error(`there is no machine of ${member}`)
      return found
    },
    async ask(method, path, body) {
      await learnSecrets()
      const { id, target } = taskSchema.parse(await call(method, path, body))
      return { task: id, platform: target.id }
    },
    ends: (task, ...states) =>
      until(`task ${task} is ${states.join(' or ')}`, async () =>
        states.includes(stateSchema.parse(await call('GET', `/v1/tasks/${task}`)).state),
      ),
    passes: (ms) => clock.advance(ms),
    async journal(task) {
      const [process] = processes.answering()
      if (!process) throw new Error('nobody answers')
      const headers = { authorization: `Bearer ${template.token}` }
      const answer = await clock.runUntil(
        Promise.resolve(process.house.api.request(`http://gantry/v1/tasks/${task}/journal`, { headers })),
      )
      return clock.runUntil(answer.text())
    },
    async secrets() {
      await learnSecrets()
      return [...known, template.token]
    },
    async [Symbol.asyncDispose]() {
      processes.end()
      await clock.settle()
      world[Symbol.dispose]()
    },
  }
}

/** The same remote, on which some checks fail. */
function sickly(world: World, ills: ReadonlySet<Ill>): Remote {
  const { remote, cloud } = world
  return {
    ...remote,
    async check(target, script, timeoutMs, signal) {
      const vm = target.endpoints.map(({ address }) => cloud.at(address)).find((found) => found !== undefined)
      const ill = [...ills].find((one) => vm?.key.endsWith(`/${one.member}`) && script.includes(one.script))
      if (ill?.hangs) throw new RemoteFault('unreachable', 'no answer')
      return ill ? { exitCode: 1, said: 'it is not as it was' } : remote.check(target, script, timeoutMs, signal)
    },
  }
}
