// One Gantry without HTTP on a virtual clock, in a world without sockets: what a life of the crash sweep
// is made of. The world and the database file survive; processes come and go.

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cloudOf } from '../../providers/simulated/world/cloud.ts'
import type { WorldInput } from '../../providers/simulated/world/layout.ts'
import type { World } from '../../providers/simulated/world/world.ts'
import { type BlueprintFiles, parseBlueprint, resolveParameters } from '../../src/blueprints/index.ts'
import {
  type Care,
  engineHooks,
  formPlatform,
  previewPlatform,
  startCare,
  unformPlatform,
} from '../../src/care/index.ts'
import { type Engine, type EngineDeps, type Processes, type StepKind, startEngine } from '../../src/engine/index.ts'
import type { Json } from '../../src/kernel/canonical.ts'
import { newId, type PlatformId, type ProjectId, type ProviderId, type TenantId } from '../../src/kernel/ids.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import { ourUseOf, saveInventory } from '../../src/placement/index.ts'
import type { Session } from '../../src/provider/contract.ts'
import { lookerOver } from '../../src/provider/look.ts'
import { quotaKeys, setLimit, setShare } from '../../src/quota/index.ts'
import { keyMaker, openVault } from '../../src/secrets/index.ts'
import { gateStep, machineStep, scriptStep, sshStep } from '../../src/steps/index.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store, Tx } from '../../src/store/store.ts'
import { type MemoryRemote, memoryRemote } from '../support/memory-remote.ts'
import { memorySession, memoryWorld } from '../support/memory-world.ts'
import { seedProject, seedProvider, seedTenant } from '../support/store.ts'
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts'
import { type CrashPoint, crashPoint, mortalRemote, mortalSession } from './crash.ts'

const masterKey = new Uint8Array(32).fill(7)
const gib = 2 ** 30
const medium = { cpu: 2, memoryBytes: 2 * gib, diskBytes: 20 * gib, cost: {} }
export const flavors = { medium, small: medium }

/** Seeded rows of an installation with one provider, tenant and project, to be copied for every life. */
export interface Template {
  readonly path: string
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly providerId: ProviderId
  readonly files: BlueprintFiles
  readonly startMs: number
  dispose(): void
}

/** Replaceable parts of a process, for mutants: what a test of the test plants. `blind` creates without looking first. */
export interface Parts {
  /** Around every step kind, e.g. to see who runs what and when. */
  readonly kind?: (real: StepKind) => StepKind
  /** Stops the process as SIGSTOP would: whatever comes back to it waits here. */
  readonly gate?: Gate
  readonly machineStep?: (real: StepKind, session: Session, blind: Session) => StepKind
}

export interface Gate {
  /** Resolves at once, or when the process is woken. */
  through(): Promise<void>
}

export interface LifeOptions {
  readonly seed?: number
  readonly world?: WorldInput
  /** Told every boundary of the processes after the first one. */
  readonly onBoundary?: (what: string) => void
}

export interface Life extends AsyncDisposable {
  readonly clock: VirtualClock
  readonly world: World
  readonly remote: MemoryRemote
  readonly template: Template
  /** Starts a process on the file; `crashAt` counts boundaries from its start. */
  start(crashAt?: number | null, parts?: Parts): Promise<Process>
}

export interface Process {
  readonly store: Store
  readonly engine: Engine
  readonly care: Care
  readonly crash: CrashPoint
  ask(name: string, parameters: Readonly<Record<string, Json>>): Promise<PlatformId>
  remove(platform: PlatformId): Promise<void>
  /** Runs the clock until `until` holds for what is committed, or the process dies: 'crashed'. */
  run(until: (store: Store) => Promise<boolean>): Promise<'done' | 'crashed'>
  /** Ends it without a farewell. */
  kill(): Promise<void>
}

export async function makeTemplate(files: BlueprintFiles): Promise<Template> {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-crash-'))
  const path = join(folder, 'template.db')
  const clock = virtualClock(1)
  const { seams } = clock
  const store = await openStore(`sqlite:${path}`, seams, { synchronous: 'OFF' })
  await openVault(store, masterKey, seams)
  const world = memoryWorld(clock)
  const reports = await Array.fromAsync(memorySession(world).inventory(new AbortController().signal))
  const ids = await clock.runUntil(
    store.write(async (tx) => {
      await tx
        .insertInto('installation')
        .values({ id: newId('installation', seams), restore_epoch: 0, report_only: 0, created_at: 0 })
        .execute()
      const tenantId = await seedTenant(tx, seams)
      const projectId = await seedProject(tx, seams, tenantId)
      const providerId = await seedProvider(tx, seams)
      const images = { 'debian-12': { ref: 'debian-12', user: 'root' } }
      await tx
        .updateTable('providers')
        .set({ images: JSON.stringify(images) })
        .where('id', '=', providerId)
        .execute()
      await saveInventory(tx, seams, providerId, reports, await ourUseOf(tx, providerId))
      await seedQuota(tx, seams, tenantId, projectId)
      const { blueprint, digest } = parseBlueprint(files)
      await tx
        .insertInto('blueprints')
        .values({
          digest,
          name: blueprint.document.name,
          blueprint_version: blueprint.document.version,
          document: JSON.stringify(blueprint.document),
          files: JSON.stringify(files),
          created_at: 0,
        })
        .execute()
      return { tenantId, projectId, providerId }
    }),
  )
  await store[Symbol.asyncDispose]()
  return { path, ...ids, files, startMs: clock.now(), dispose: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A ticket of 1,000 of everything, all of it the project's share. */
async function seedQuota(tx: Tx, seams: Seams, tenant: TenantId, project: ProjectId): Promise<void> {
  const ticket = newId('ticket', seams)
  const row = { name: 'gold', labels: '{}', version: 1, created_at: 0, deleted_at: null }
  await tx
    .insertInto('tickets')
    .values({ id: ticket, tenant_id: tenant, ...row })
    .execute()
  for (const key of Object.values(quotaKeys)) {
    const amount = key === 'vm.memory' || key === 'disk.capacity' ? 1_000 * gib * 20 : 1_000
    await setLimit(tx, { ticket, key, amount })
    await setShare(tx, { ticket, project, key, amount })
  }
}

export function openLife(template: Template, options: LifeOptions = {}): Life {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-life-'))
  const path = join(folder, 'gantry.db')
  copyFileSync(template.path, path)
  const clock = virtualClock(options.seed ?? 1, template.startMs)
  const world = memoryWorld(clock, options.world ?? {})
  const remote = memoryRemote(world)
  const dead = new Set<string>()
  const running = new Set<Process>()
  let serial = 0

  return {
    clock,
    world,
    remote,
    template,
    async start(crashAt = null, parts = {}) {
      serial += 1
      const process = await startProcess(
        { path, clock, world, remote, template, dead, name: `process-${serial}` },
        crashPoint(crashAt, serial > 1 ? options.onBoundary : undefined),
        parts,
      )
      running.add(process)
      return process
    },
    async [Symbol.asyncDispose]() {
      for (const process of running) await process.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Surroundings {
  readonly path: string
  readonly clock: VirtualClock
  readonly world: World
  readonly remote: MemoryRemote
  readonly template: Template
  readonly dead: Set<string>
  readonly name: string
}

const parsed = new WeakMap<BlueprintFiles, ReturnType<typeof parseBlueprint>>()

function parsedOnce(files: BlueprintFiles) {
  const known = parsed.get(files) ?? parseBlueprint(files)
  parsed.set(files, known)
  return known
}

async function startProcess(around: Surroundings, crash: CrashPoint, parts: Parts): Promise<Process> {
  const { clock, world, template, dead, name } = around
  const life = clock.life()
  const gate = parts.gate ?? open
  const seams = gatedSeams(life.seams, gate)
  const opened = await openStore(`sqlite:${around.path}`, seams, {
    synchronous: 'OFF',
    hooks: { beforeCommit: () => crash.boundary('before commit'), afterCommit: () => crash.boundary('after commit') },
  })
  const store: Store = {
    ...opened,
    async write(work) {
      await gate.through()
      return opened.write(work)
    },
  }
  const vault = await openVault(store, masterKey, seams)
  const session = mortalSession(crash, memorySession(world), gate)
  const remote = mortalRemote(crash, around.remote, gate)
  const provided = { session, looker: lookerOver(session) }
  const machine = machineStep({ open: async () => provided })
  const kinds = [
    parts.machineStep?.(machine, session, mortalSession(crash, blindSession(world))) ?? machine,
    sshStep({ remote }),
    scriptStep({ remote }),
    gateStep({ remote }),
  ]
  const decideDeps = { seams, keys: keyMaker(vault, seams), flavors }
  const processes: Processes = {
    self: { process: name, bootId: 'boot', pidNamespace: 'ns', pid: 1, startTime: name },
    isDead: (owner) => dead.has(owner.process),
  }
  let over = false
  const log: EngineDeps['log'] = (message, facts) => {
    if (crash.diedAt === undefined && !over && globalThis.process.env.GANTRY_TEST_LOG)
      console.error(name, message, facts)
  }
  const engine = startEngine({
    store,
    seams,
    processes,
    vault,
    kinds: new Map(kinds.map((kind) => [kind.kind, parts.kind?.(kind) ?? kind])),
    blueprints: async () => parsedOnce(template.files).blueprint,
    hooks: engineHooks(decideDeps),
    concurrency: 100,
    log,
  })
  const care = startCare({
    store,
    seams,
    wake: (id) => engine.wake(id),
    sessions: { get: async () => session },
    scanEveryMs: 10_000,
    log,
  })

  async function kill(): Promise<void> {
    if (over) return
    over = true
    dead.add(name)
    life.end()
    await Promise.resolve(store[Symbol.asyncDispose]()).catch(() => undefined)
  }

  return {
    store,
    engine,
    care,
    crash,
    kill,
    async ask(platformName, parameters) {
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
      const id = await store.write(async (tx) =>
        formPlatform(tx, decideDeps, wish, await previewPlatform(tx, decideDeps, wish)),
      )
      engine.wake(id)
      return id
    },
    async remove(platform) {
      await store.write((tx) => unformPlatform(tx, decideDeps, platform, 'test'))
      engine.wake(platform)
    },
    async run(until) {
      const holds = async (): Promise<'done'> => {
        while (!(await until(store))) await seams.clock.sleep(100)
        return 'done'
      }
      const ended = crash.crashed.then(() => 'crashed' as const)
      return clock.runUntil(Promise.race([holds().catch(() => ended), ended]), { ms: 3_600_000 })
    },
  }
}

const open: Gate = { through: () => Promise.resolve() }

function gatedSeams(seams: Seams, gate: Gate): Seams {
  return {
    random: seams.random,
    clock: {
      now: () => seams.clock.now(),
      async sleep(ms, signal) {
        await seams.clock.sleep(ms, signal)
        await gate.through()
      },
    },
  }
}

/** The cloud as it is, which recognises no create as a repeat. */
function blindSession(world: World): Session {
  const cloud = cloudOf(world)
  return { ...memorySession(world), create: (key, { own: _own, ...request }) => cloud.create(key, request) }
}

export async function stateOf(store: Store, platform: PlatformId): Promise<string> {
  const row = await store.read.selectFrom('platforms').select('state').where('id', '=', platform).executeTakeFirst()
  return row?.state ?? 'absent'
}
