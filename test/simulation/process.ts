// One Gantry of a history: the whole house over the shared file, with nothing of its own but what a process has. It can
// be killed at any boundary or moment, stopped as SIGSTOP does, and its commits can fail.

import { z } from 'zod'
import { simulatedSession } from '../../providers/simulated/session.ts'
import { type House, openHouse } from '../../src/app.ts'
import type { Remote } from '../../src/bootstrap/remote.ts'
import type { EngineHooks, StepKind } from '../../src/engine/index.ts'
import type { Seams } from '../../src/kernel/seams.ts'
import type { ProviderKind, Session } from '../../src/provider/contract.ts'
import { configSchema } from '../../src/resources/config.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { isTrouble } from '../support/trouble.ts'
import type { SimCloud } from './cloud.ts'
import type { Counters } from './counters.ts'
import type { Journal } from './journal.ts'

export const masterKey = new Uint8Array(32).fill(7)

/** Replaced parts, for planted bugs. */
export interface Plant {
  readonly stepKind?: (real: StepKind, world: { readonly session: Session }) => StepKind
  readonly store?: (real: Store) => Store
  readonly hooks?: (real: EngineHooks, seams: Seams) => EngineHooks
}

export interface SimProcess {
  readonly name: string
  readonly house: House
  readonly store: Store
  readonly alive: boolean
  readonly stopped: boolean
  /** Commits that fail next, and how. */
  readonly disk: { full: boolean; failNext: number; unknownNext: number }
  /** Nothing of it reaches anybody any more. */
  kill(): void
  /** It is killed at its n-th boundary from now; 0 is the next. */
  killAt(boundary: number): void
  stop(): void
  wake(): void
  request(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Surroundings {
  readonly path: string
  readonly life: { readonly seams: Seams; end(): void }
  readonly cloud: SimCloud
  readonly remote: Remote
  readonly journal: Journal
  readonly counters: Counters
  readonly token: string
  /** Whether another process can see that this one is over. */
  isDead(name: string): boolean
  /** Called after each of its commits. */
  onCommit(process: string): void
  onDeath(name: string): void
  /** Something was thrown that should not have been. */
  onError(message: string, error: unknown): void
  readonly plant: Plant
}

const never = new Promise<never>(() => undefined)
class Killed extends Error {
  override readonly name = 'Killed'
}

export async function startProcess(name: string, around: Surroundings): Promise<SimProcess> {
  const { journal, counters } = around
  const disk = { full: false, failNext: 0, unknownNext: 0 }
  let alive = true
  let left = Number.POSITIVE_INFINITY
  let stopped: { readonly promise: Promise<void>; resolve(): void } | undefined

  function die(where: string): void {
    if (!alive) return
    alive = false
    around.life.end()
    journal.note(`${name} dies ${where}`)
    around.onDeath(name)
    Promise.resolve(opened[Symbol.asyncDispose]()).catch(() => undefined)
  }

  /** Throws at and after its death. For moments in which nothing can be waited for. */
  function boundary(what: string): void {
    if (!alive) throw new Killed(name)
    if (left-- > 0) return
    counters.hit('fault:killAtBoundary')
    die(what)
    throw new Killed(what)
  }

  async function through(): Promise<void> {
    while (stopped) await stopped.promise
    if (!alive) await never
  }

  /** A call to the outside: what comes back to a dead process reaches nobody. */
  async function around_<T>(what: string, call: () => Promise<T>): Promise<T> {
    await through()
    if (left-- <= 0) {
      counters.hit('fault:killAtBoundary')
      die(`before ${what}`)
      await never
    }
    try {
      return await call()
    } finally {
      await through()
      if (left-- <= 0) {
        counters.hit('fault:killAtBoundary')
        die(`after ${what}`)
        // Nobody may hear of it any more.
        await never
      }
    }
  }

  const seams: Seams = {
    random: around.life.seams.random,
    clock: {
      now: () => around.life.seams.clock.now(),
      async sleep(ms, signal) {
        try {
          await around.life.seams.clock.sleep(ms, signal)
        } finally {
          if (stopped || !alive) await through()
        }
      },
    },
  }

  const opened = await openStore(`sqlite:${around.path}`, seams, {
    synchronous: 'OFF',
    hooks: {
      beforeCommit() {
        boundary('before commit')
        if (disk.full) {
          counters.hit('fault:diskFull')
          throw sqliteError('SQLITE_FULL', 'database or disk is full')
        }
        if (disk.failNext > 0) {
          disk.failNext -= 1
          counters.hit('fault:commitFails')
          throw sqliteError('SQLITE_IOERR_WRITE', 'disk I/O error')
        }
      },
      afterCommit() {
        around.onCommit(name)
        boundary('after commit')
        if (disk.unknownNext > 0) {
          disk.unknownNext -= 1
          counters.hit('fault:commitUnknown')
          throw sqliteError('SQLITE_IOERR_FSYNC', 'disk I/O error')
        }
      },
    },
  })
  const gated: Store = {
    ...opened,
    async write(work) {
      await through()
      try {
        return await opened.write(work)
      } finally {
        await through()
      }
    },
  }
  const store = around.plant.store?.(gated) ?? gated
  const session = mortalSession(simulatedSession(around.cloud, seams.clock), around_)
  const simulated: ProviderKind = {
    kind: 'simulated',
    simulated: true,
    config: z.strictObject({}),
    machineSpec: z.unknown(),
    connect: async () => session,
  }
  const { plant } = around
  const house = await openHouse(
    {
      masterKey,
      config: configSchema.parse({}),
      version: '0.0.0',
      kinds: { names: ['simulated'], get: async (kind) => (kind === 'simulated' ? simulated : undefined) },
      blueprints: null,
      seams,
      remote: mortalRemote(around.remote, around_),
      log(level, message, fields, error) {
        if (!alive) return
        if (level !== 'info') journal.note(`${name} says ${message} ${fieldsText(fields)}${errorText(error)}`)
        if (level === 'error' || (error !== undefined && !(error instanceof Killed) && !isTrouble(error)))
          around.onError(message, error)
      },
      scanEveryMs: 30_000,
      processes: {
        self: { process: name, bootId: 'boot', pidNamespace: 'ns', pid: 1, startTime: name },
        isDead: (owner) => around.isDead(owner.process),
      },
      ...(plant.hooks && { hooks: (real: EngineHooks) => plant.hooks?.(real, seams) ?? real }),
      ...(plant.stepKind && { stepKind: (real: StepKind) => plant.stepKind?.(real, { session }) ?? real }),
    },
    store,
    new AbortController().signal,
  )

  return {
    name,
    house,
    store,
    disk,
    get alive() {
      return alive
    },
    get stopped() {
      return stopped !== undefined
    },
    kill: () => die('at once'),
    killAt(boundaries) {
      left = boundaries
    },
    stop() {
      if (stopped) return
      const { promise, resolve } = Promise.withResolvers<void>()
      stopped = { promise, resolve: () => resolve() }
    },
    wake() {
      const before = stopped
      stopped = undefined
      before?.resolve()
    },
    async request(method, path, body, headers = {}) {
      await through()
      const response = await house.api.request(`http://gantry${path}`, {
        method,
        headers: {
          authorization: `Bearer ${around.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      await through()
      return { status: response.status, body: text === '' ? null : JSON.parse(text) }
    },
  }
}

type Around = <T>(what: string, call: () => Promise<T>) => Promise<T>

function mortalSession(session: Session, around: Around): Session {
  const each = async <T>(what: string, call: () => AsyncIterable<T>) => around(what, () => Array.fromAsync(call()))
  return {
    capabilities: session.capabilities,
    probe: (signal) => around('probe', () => session.probe(signal)),
    async *inventory(signal) {
      yield* await each('inventory', () => session.inventory(signal))
    },
    create: (key, request, signal) => around('create', () => session.create(key, request, signal)),
    async *observe(owner, keys, signal) {
      yield* await each('observe', () => session.observe(owner, keys, signal))
    },
    destroy: (owner, key, signal) => around('destroy', () => session.destroy(owner, key, signal)),
    async *list(owner, signal) {
      yield* await each('list', () => session.list(owner, signal))
    },
    ...(session.pages && {
      async *pages(owner, known, signal) {
        yield* await each('list', () => session.pages?.(owner, known, signal) ?? nothing())
      },
    }),
    ...(session.power && {
      power: (owner, key, to, signal) => around('power', async () => session.power?.(owner, key, to, signal)),
    }),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

function mortalRemote(remote: Remote, around: Around): Remote {
  return {
    prove: (target, signal) => around('prove', () => remote.prove(target, signal)),
    start: (target, journey, waitMs, signal) => around('start', () => remote.start(target, journey, waitMs, signal)),
    stop: (target, attempt, signal) => around('stop', () => remote.stop(target, attempt, signal)),
    look: (target, id, waitMs, signal) => around('look', () => remote.look(target, id, waitMs, signal)),
    log: (target, id, offset, most, signal) => around('log', () => remote.log(target, id, offset, most, signal)),
    check: (target, script, timeoutMs, signal) =>
      around('check', () => remote.check(target, script, timeoutMs, signal)),
    forget: () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  }
}

async function* nothing(): AsyncIterable<never> {}

function sqliteError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

function fieldsText(fields: Readonly<Record<string, unknown>> | undefined): string {
  return Object.entries(fields ?? {})
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')
}

function errorText(error: unknown): string {
  if (error === undefined) return ''
  return ` (${error instanceof Error ? `${error.name}: ${error.message}` : String(error)})`
}
