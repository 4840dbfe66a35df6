// One Gantry without HTTP, put together as app.ts does, with a boundary at every durable write and every call
// to the outside.

import { type Actor, authorize, type Scope } from '../../src/access/index.ts'
import { type BlueprintFiles, parseBlueprint, resolveParameters } from '../../src/blueprints/index.ts'
import type { Remote } from '../../src/bootstrap/remote.ts'
import {
  type Care,
  type DecideDeps,
  engineHooks,
  formPlatform,
  previewPlatform,
  startCare,
  startChecks,
  unformPlatform,
} from '../../src/care/index.ts'
import {
  type BlueprintSource,
  type Engine,
  type EngineDeps,
  type Processes,
  type StepKind,
  startEngine,
} from '../../src/engine/index.ts'
import type { Json } from '../../src/kernel/canonical.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import type { Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { lookerOver } from '../../src/provider/look.ts'
import { blueprintSource } from '../../src/resources/blueprints/store.ts'
import { startKeeper } from '../../src/resources/calendar/index.ts'
import { keyMaker, openVault, type Vault } from '../../src/secrets/index.ts'
import { gateStep, machineStep, powerStep, prober, scriptStep, sshStep } from '../../src/steps/index.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store, Tx } from '../../src/store/store.ts'
import { isTrouble } from '../support/trouble.ts'
import { Crashed, type CrashPoint, mortalRemote, mortalSession } from './crash.ts'
import { masterKey, type Template } from './template.ts'

const gib = 2 ** 30
const medium = { cpu: 2, memoryBytes: 2 * gib, diskBytes: 20 * gib, cost: {} }
const flavors = { medium, small: medium }

/** Replaceable parts of a process, for mutants: what a test of the test plants. `blind` creates without looking first. */
export interface Parts {
  /** Around every step kind, e.g. to see who runs what and when. */
  readonly kind?: (real: StepKind) => StepKind
  /** Machines are checked as their blueprint says; not by default, as each check is a call. */
  readonly checks?: boolean
  /** Schedules and leases are kept. */
  readonly keeper?: boolean
  /** ms; 10 s. */
  readonly scanEveryMs?: number
  /** When so much is down that nothing is repaired; as in the product. */
  readonly meltdown?: DecideDeps['meltdown']
  /** Stops the process as SIGSTOP would: whatever comes back to it waits here. */
  readonly gate?: Gate
  readonly machineStep?: (real: StepKind, session: Session, blind: Session) => StepKind
  /** The provider and the machines as this process finds them, e.g. behind a line that loses answers. */
  readonly session?: (real: Session) => Session
  readonly remote?: (real: Remote) => Remote
}

export interface Gate {
  /** Resolves at once, or when the process is woken; `what` came back to it, or is about to be written. */
  through(what: string): Promise<void>
}

export interface Process {
  readonly store: Store
  readonly seams: Seams
  /** What forming and removing platforms needs. */
  readonly forming: DecideDeps
  readonly vault: Vault
  readonly blueprints: BlueprintSource
  readonly engine: Engine
  readonly care: Care
  readonly crash: CrashPoint
  ask(name: string, parameters: Readonly<Record<string, Json>>): Promise<PlatformId>
  /** As a request with an idempotency key: the platform that has this name, should it have been asked for before. */
  askOnce(name: string, parameters: Readonly<Record<string, Json>>): Promise<PlatformId>
  remove(platform: PlatformId): Promise<void>
  /** Changes something as a request does, in one transaction, and wakes the engine. */
  request<T>(platform: PlatformId, work: (tx: Tx, scope: Scope) => Promise<T>): Promise<T>
  /** Resolves when `until` holds for what is committed; rejects when the process dies before. For use while time runs. */
  reaches(until: (store: Store) => Promise<boolean>): Promise<void>
  /** Runs the clock until `until` holds for what is committed, or the process dies: 'crashed'. */
  run(until: (store: Store) => Promise<boolean>): Promise<'done' | 'crashed'>
  /** Ends it without a farewell. */
  kill(): Promise<void>
}

/** What a process finds: its file, its time, the outside. */
export interface Surroundings {
  readonly path: string
  /** Seams of one process: after `end()` it never wakes again. */
  life(): { readonly seams: Seams; end(): void }
  readonly session: Session
  /** The cloud without looking first, for mutants. */
  readonly blind: Session
  readonly remote: Remote
  /** Lets time pass until the promise settles. */
  wait<T>(promise: Promise<T>): Promise<T>
  readonly template: Template
  /** Names of processes that are over. */
  readonly dead: Set<string>
  /** Errors in the logs of living processes that nothing explains. */
  readonly faults: string[]
  readonly name: string
}

const parsed = new WeakMap<BlueprintFiles, ReturnType<typeof parseBlueprint>>()

function parsedOnce(files: BlueprintFiles) {
  const known = parsed.get(files) ?? parseBlueprint(files)
  parsed.set(files, known)
  return known
}

export async function startProcess(around: Surroundings, crash: CrashPoint, parts: Parts): Promise<Process> {
  const { template, dead, name } = around
  const life = around.life()
  const gate = parts.gate ?? open
  const seams = gatedSeams(life.seams, gate)
  let commits = 0
  /** Tells whoever waits for the next commit. */
  let committed: () => void = () => undefined
  const opened = await openStore(`sqlite:${around.path}`, seams, {
    synchronous: 'OFF',
    hooks: {
      beforeCommit: () => crash.boundary('before commit'),
      afterCommit: () => {
        commits += 1
        committed()
        crash.boundary('after commit')
      },
    },
  })
  const store: Store = {
    ...opened,
    async write(work) {
      await gate.through('write')
      return opened.write(work)
    },
  }
  const vault = await openVault(store, masterKey, seams)
  const session = mortalSession(crash, parts.session?.(around.session) ?? around.session, gate)
  const remote = mortalRemote(crash, parts.remote?.(around.remote) ?? around.remote, gate)
  const provided = { session, looker: lookerOver(session) }
  const machine = machineStep({ open: async () => provided })
  const kinds = [
    parts.machineStep?.(machine, session, mortalSession(crash, around.blind)) ?? machine,
    powerStep({ open: async () => provided }),
    sshStep({ remote }),
    scriptStep({ remote }),
    gateStep({ remote }),
  ]
  const { meltdown } = parts
  const decideDeps = { seams, keys: keyMaker(vault, seams), flavors, ...(meltdown !== undefined && { meltdown }) }
  const processes: Processes = {
    self: { process: name, bootId: 'boot', pidNamespace: 'ns', pid: 1, startTime: name },
    isDead: (owner) => dead.has(owner.process),
  }
  let over = false
  const log: EngineDeps['log'] = (message, facts) => {
    if (crash.diedAt !== undefined || over) return
    if (globalThis.process.env.GANTRY_TEST_LOG) console.error(name, message, facts)
    if (facts.error !== undefined && !isTrouble(facts.error)) around.faults.push(`${name}: ${message}: ${facts.error}`)
  }
  const others = blueprintSource()
  const own = parsedOnce(template.files)
  const blueprints: BlueprintSource = async (db, digest) => (digest === own.digest ? own.blueprint : others(db, digest))
  const engine = startEngine({
    store,
    seams,
    processes,
    vault,
    kinds: new Map(kinds.map((kind) => [kind.kind, parts.kind?.(kind) ?? kind])),
    blueprints,
    hooks: engineHooks(decideDeps),
    concurrency: 100,
    log,
  })
  const care = startCare({
    store,
    seams,
    wake: (id) => engine.wake(id),
    sessions: {
      async get(provider) {
        if (provider === template.providerId) return session
        throw new ProviderFault({ kind: 'transient', outcome: 'none' }, 'nobody answers there')
      },
    },
    scanEveryMs: parts.scanEveryMs ?? 10_000,
    log,
  })

  if (parts.checks) {
    const probe = prober({ remote, seams, privateKey: (ref) => vault.get(store.read, ref) })
    const wake = (id: PlatformId) => engine.wake(id)
    startChecks({ store, seams, blueprints, probe, secret: (ref) => vault.get(store.read, ref), wake, log })
  }

  if (parts.keeper) startKeeper({ store, seams, blueprints, forming: decideDeps, wake: (id) => engine.wake(id), log })

  async function kill(): Promise<void> {
    if (over) return
    over = true
    dead.add(name)
    life.end()
    await Promise.resolve(store[Symbol.asyncDispose]()).catch(() => undefined)
  }

  async function holds(until: (store: Store) => Promise<boolean>): Promise<'done'> {
    for (;;) {
      const seen = commits
      if (await until(store)) return 'done'
      // Asked again when this process has written something; and now and then, as others may have.
      if (commits === seen) await nextCommit(900)
      await seams.clock.sleep(100)
    }
  }

  /** Or that many ms: without one wake-up in between, as lives are idle for most of their time. */
  async function nextCommit(atMostMs: number): Promise<void> {
    const waited = new AbortController()
    const told = new Promise<void>((resolve) => {
      committed = resolve
    })
    const slept = seams.clock.sleep(atMostMs, waited.signal).catch(() => undefined)
    await Promise.race([told, slept])
    waited.abort(new Error('something was written'))
  }

  async function form(platformName: string, parameters: Readonly<Record<string, Json>>, once: boolean) {
    const blueprint = parsedOnce(template.files)
    const wish = {
      tenantId: template.tenantId,
      projectId: template.projectId,
      name: platformName,
      blueprint,
      parameters: resolveParameters(blueprint.blueprint, parameters),
      labels: {},
      deletionProtection: false,
      actor: 'test',
    }
    const id = await store.write(async (tx) => {
      const known =
        once && (await tx.selectFrom('platforms').select('id').where('name', '=', platformName).execute())[0]
      return known ? known.id : formPlatform(tx, decideDeps, wish, await previewPlatform(tx, decideDeps, wish))
    })
    engine.wake(id)
    return id
  }

  return {
    store,
    seams,
    forming: decideDeps,
    vault,
    blueprints,
    engine,
    care,
    crash,
    kill,
    ask: (platformName, parameters) => form(platformName, parameters, false),
    askOnce: (platformName, parameters) => form(platformName, parameters, true),
    async remove(platform) {
      await store.write((tx) => unformPlatform(tx, decideDeps, platform, 'test'))
      engine.wake(platform)
    },
    async request(platform, work) {
      const scope = await authorize(store.read, operator, 'platform.operate', { kind: 'platform', id: platform })
      const answer = await store.write((tx) => work(tx, scope))
      engine.wake(platform)
      return answer
    },
    async reaches(until) {
      const died = crash.crashed.then(() => Promise.reject(new Crashed('the process died')))
      await Promise.race([holds(until), died])
    },
    async run(until) {
      const ended = crash.crashed.then(() => 'crashed' as const)
      return around.wait(Promise.race([holds(until).catch(() => ended), ended]))
    },
  }
}

const operator: Actor = { id: 'test', name: 'test', roles: ['operator'] }

const open: Gate = { through: () => Promise.resolve() }

function gatedSeams(seams: Seams, gate: Gate): Seams {
  return {
    random: seams.random,
    clock: {
      now: () => seams.clock.now(),
      async sleep(ms, signal) {
        await seams.clock.sleep(ms, signal)
        await gate.through('sleep')
      },
    },
  }
}

export async function stateOf(store: Store, platform: PlatformId): Promise<string> {
  const row = await store.read.selectFrom('platforms').select('state').where('id', '=', platform).executeTakeFirst()
  return row?.state ?? 'absent'
}
