// A life of the crash sweep: a world and a database file that survive, and processes that come and go.

import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { cloudOf } from '../../providers/simulated/world/cloud.ts'
import type { WorldInput } from '../../providers/simulated/world/layout.ts'
import type { World } from '../../providers/simulated/world/world.ts'
import type { Session } from '../../src/provider/contract.ts'
import { makeFolder } from '../support/folder.ts'
import { type MemoryRemote, memoryRemote } from '../support/memory-remote.ts'
import { memorySession, memoryWorld } from '../support/memory-world.ts'
import { type VirtualClock, virtualClock } from '../support/virtual-clock.ts'
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
  /** Starts a process on the file; `crashAt` counts boundaries from its start. */
  start(crashAt?: number | null, parts?: Parts): Promise<Process>
}

/** A life on a virtual clock, without sockets. */
export interface MemoryLife extends Life {
  readonly clock: VirtualClock
  readonly world: World
  readonly remote: MemoryRemote
  /** Its database. */
  readonly path: string
}

export function openLife(template: Template, options: LifeOptions = {}): MemoryLife {
  const clock = virtualClock(options.seed ?? 1, template.startMs)
  const world = memoryWorld(clock, options.world ?? {})
  const remote = memoryRemote(world)
  const wait = <T>(promise: Promise<T>): Promise<T> => clock.runUntil(promise, { ms: 3_600_000 })
  const processes = processesOn(template, options, {
    life: () => clock.life(),
    session: memorySession(world),
    blind: blindSession(world),
    remote,
    wait,
  })
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
    [Symbol.asyncDispose]: processes.dispose,
  }
}

/** Processes on a copy of the template, one after another or side by side. */
export function processesOn(
  template: Template,
  options: LifeOptions,
  outside: Omit<Surroundings, 'path' | 'template' | 'dead' | 'name'>,
) {
  const folder = makeFolder()
  const path = join(folder.path, 'gantry.db')
  copyFileSync(template.path, path)
  const dead = new Set<string>()
  const running = new Set<Process>()
  let serial = 0
  return {
    path,
    async start(crashAt: number | null = null, parts: Parts = {}): Promise<Process> {
      serial += 1
      const crash = crashPoint(crashAt, serial > 1 ? options.onBoundary : undefined)
      const process = await startProcess({ ...outside, path, template, dead, name: `process-${serial}` }, crash, {
        ...options.standing,
        ...parts,
      })
      running.add(process)
      return process
    },
    async dispose(): Promise<void> {
      for (const process of running) await process.kill()
      folder[Symbol.dispose]()
    },
  }
}

/** The cloud as it is, which recognises no create as a repeat. */
function blindSession(world: World): Session {
  const cloud = cloudOf(world)
  return { ...memorySession(world), create: (key, { own: _own, ...request }) => cloud.create(key, request) }
}
