// A life of the crash sweep: a world and a database file that survive, and processes that come and go.

import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cloudOf } from '../../providers/simulated/world/cloud.ts'
import type { WorldInput } from '../../providers/simulated/world/layout.ts'
import type { World } from '../../providers/simulated/world/world.ts'
import type { Session } from '../../src/provider/contract.ts'
import { makeFolder } from '../support/folder.ts'
import { type MemoryRemote, memoryRemote, type RemoteState } from '../support/memory-remote.ts'
import { type MemoryWorldState, memorySession, openMemoryWorld } from '../support/memory-world.ts'
import { type ClockState, clockFrom, type VirtualClock, virtualClock } from '../support/virtual-clock.ts'
import { crashPoint } from './crash.ts'
import { type Parts, type Process, type Surroundings, startProcess } from './process.ts'
import type { Template } from './template.ts'

export interface LifeOptions {
  readonly seed?: number
  readonly world?: WorldInput
  /** Told every boundary of the processes after the first one. */
  readonly onBoundary?: (what: string) => void
  /** What every process of this life has, beside its own. */
  readonly standing?: Parts
}

/** What operations and invariants ask of a life, be its world in memory or behind sockets. */
export interface Life extends AsyncDisposable {
  readonly template: Template
  /** Everything that is at the provider, by its own account. */
  living(): Promise<readonly { readonly key: string; readonly ref: string }[]>
  /** The first incarnation of a slot is gone, and nobody was asked. */
  vanish(slot: string): Promise<void>
  /** Attempts that were started more than once. */
  startedTwice(): Promise<readonly string[]>
  wait<T>(promise: Promise<T>): Promise<T>
  /** Starts a process on the file; `crashAt` counts boundaries from its start, of which `told` hears. */
  start(crashAt?: number | null, parts?: Parts, told?: (boundary: string) => void): Promise<Process>
}

/** A life on a virtual clock, without sockets. */
export interface MemoryLife extends Life {
  readonly clock: VirtualClock
  readonly world: World
  readonly remote: MemoryRemote
  /** Its database. */
  readonly path: string
  /** For a life that goes on from here, however this one does; undefined while something is under way. */
  state(): LifeState | undefined
}

/** A life between two processes: all that the next one finds. */
export interface LifeState {
  readonly clock: ClockState
  readonly world: MemoryWorldState
  readonly remote: RemoteState
  readonly processes: ProcessesState
}

/** `from`: the life it goes on with, made of the same template with the same options. */
export function openLife(template: Template, options: LifeOptions = {}, from?: LifeState): MemoryLife {
  const clock = from ? clockFrom(from.clock) : virtualClock(options.seed ?? 1, template.startMs)
  const { world, state: worldState } = openMemoryWorld(clock, options.world ?? {}, from?.world)
  const remote = memoryRemote(world, from?.remote)
  const wait = <T>(promise: Promise<T>): Promise<T> => clock.runUntil(promise, { ms: 3_600_000 })
  const outside = {
    life: () => clock.life(),
    session: memorySession(world),
    blind: blindSession(world),
    remote,
    wait,
  }
  const processes = processesOn(template, options, outside, from?.processes)
  return {
    clock,
    world,
    remote,
    template,
    path: processes.path,
    wait,
    start: processes.start,
    living: async () => world.living().map(({ key, ref }) => ({ key, ref })),
    async vanish(slot) {
      const victim = world.living().find((machine) => machine.key.endsWith(`/${slot}@1`))
      if (victim) world.kill(victim, 'vanished')
    },
    startedTwice: async () => remote.startedTwice(),
    state() {
      const [time, machines, scripts, ended] = [clock.state(), worldState(), remote.state(), processes.state()]
      if (time === undefined || machines === undefined || scripts === undefined || ended === undefined) return undefined
      return { clock: time, world: machines, remote: scripts, processes: ended }
    },
    [Symbol.asyncDispose]: processes.dispose,
  }
}

/** What processes that are over leave to the next one. */
export interface ProcessesState {
  readonly database: Uint8Array
  /** Their names. */
  readonly dead: readonly string[]
}

/** Processes on a copy of the template, one after another or side by side. */
export function processesOn(
  template: Template,
  options: LifeOptions,
  outside: Omit<Surroundings, 'path' | 'template' | 'dead' | 'faults' | 'name'>,
  from?: ProcessesState,
) {
  const folder = makeFolder()
  const path = join(folder.path, 'gantry.db')
  if (from) writeFileSync(path, from.database, { mode: 0o600 })
  else copyFileSync(template.path, path)
  const dead = new Set(from?.dead)
  const running = new Set<Process>()
  const faults: string[] = []
  let serial = from?.dead.length ?? 0
  return {
    path,
    /** Undefined while one lives. */
    state(): ProcessesState | undefined {
      // The last one that closes a file takes its log into it.
      if (dead.size < serial || existsSync(`${path}-wal`)) return undefined
      return { database: readFileSync(path), dead: [...dead] }
    },
    async start(crashAt: number | null = null, parts: Parts = {}, told = options.onBoundary): Promise<Process> {
      serial += 1
      const crash = crashPoint(crashAt, serial > 1 ? told : undefined)
      const around = { ...outside, path, template, dead, faults, name: `process-${serial}` }
      const process = await startProcess(around, crash, { ...options.standing, ...parts })
      running.add(process)
      return process
    },
    async dispose(): Promise<void> {
      for (const process of running) await process.kill()
      folder[Symbol.dispose]()
      // Whatever a test asks of a life, no error of ours may have been passed over in a log.
      if (faults.length > 0) throw new Error(faults.join('\n'))
    },
  }
}

/** The cloud as it is, which recognises no create as a repeat. */
function blindSession(world: World): Session {
  const cloud = cloudOf(world)
  return { ...memorySession(world), create: (key, { own: _own, ...request }) => cloud.create(key, request) }
}
