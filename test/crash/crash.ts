// A process that dies at its n-th boundary: before or after a durable write, before or after a call to the
// outside. From that moment nothing it does reaches anybody, as after SIGKILL.

import type { Remote } from '../../src/bootstrap/remote.ts'
import type { Session } from '../../src/provider/contract.ts'

export class Crashed extends Error {
  override readonly name = 'Crashed'
}

export interface CrashPoint {
  /** Boundaries passed so far, COUNT. */
  readonly passed: number
  /** What the boundary it died at was, e.g. `after commit`; undefined while it lives. */
  readonly diedAt: string | undefined
  /** Resolves at the crash. */
  readonly crashed: Promise<void>
  /** Throws Crashed at the chosen boundary and at every later one. */
  boundary(what: string): void
}

/** Dies at boundary `at` (0 is the first); `null` never dies. */
export function crashPoint(at: number | null, told?: (what: string) => void): CrashPoint {
  let passed = 0
  let diedAt: string | undefined
  let die: () => void = () => undefined
  const crashed = new Promise<void>((resolve) => {
    die = resolve
  })
  return {
    get passed() {
      return passed
    },
    get diedAt() {
      return diedAt
    },
    crashed,
    boundary(what) {
      if (diedAt !== undefined) throw new Crashed(`dead since ${diedAt}`)
      if (passed === at) {
        diedAt = what
        die()
        throw new Crashed(what)
      }
      passed += 1
      told?.(what)
    },
  }
}

interface Gate {
  through(what: string): Promise<void>
}
const open: Gate = { through: () => Promise.resolve() }

async function around<T>(crash: CrashPoint, gate: Gate, what: string, call: () => Promise<T>): Promise<T> {
  crash.boundary(`before ${what}`)
  const result = await call()
  await gate.through(what)
  crash.boundary(`after ${what}`)
  return result
}

async function* aroundEach<T>(crash: CrashPoint, gate: Gate, what: string, items: AsyncIterable<T>): AsyncIterable<T> {
  crash.boundary(`before ${what}`)
  yield* items
  await gate.through(what)
  crash.boundary(`after ${what}`)
}

/** The session with a boundary on each side of every call. */
export function mortalSession(crash: CrashPoint, session: Session, gate: Gate = open): Session {
  const { pages, power } = session
  return {
    capabilities: session.capabilities,
    probe: (signal) => around(crash, gate, 'probe', () => session.probe(signal)),
    inventory: (signal) => aroundEach(crash, gate, 'inventory', session.inventory(signal)),
    create: (key, request, signal) => around(crash, gate, 'create', () => session.create(key, request, signal)),
    observe: (owner, keys, signal) => aroundEach(crash, gate, 'observe', session.observe(owner, keys, signal)),
    destroy: (owner, key, signal) => around(crash, gate, 'destroy', () => session.destroy(owner, key, signal)),
    list: (owner, signal) => aroundEach(crash, gate, 'list', session.list(owner, signal)),
    ...(pages && { pages: (owner, known, signal) => aroundEach(crash, gate, 'list', pages(owner, known, signal)) }),
    ...(power && {
      power: (owner, key, to, signal) => around(crash, gate, 'power', () => power(owner, key, to, signal)),
    }),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  }
}

/** The remote with a boundary on each side of every call. */
export function mortalRemote(crash: CrashPoint, remote: Remote, gate: Gate = open): Remote {
  return {
    prove: (target, signal) => around(crash, gate, 'prove', () => remote.prove(target, signal)),
    start: (target, journey, waitMs, signal) =>
      around(crash, gate, 'start', () => remote.start(target, journey, waitMs, signal)),
    stop: (target, attempt, signal) => around(crash, gate, 'stop', () => remote.stop(target, attempt, signal)),
    look: (target, id, waitMs, signal) => around(crash, gate, 'look', () => remote.look(target, id, waitMs, signal)),
    log: (target, id, offset, max, signal) =>
      around(crash, gate, 'log', () => remote.log(target, id, offset, max, signal)),
    // A look that writes nothing anywhere: nothing to be cut off at.
    check: (target, script, timeoutMs, signal) => remote.check(target, script, timeoutMs, signal),
    forget: (incarnation) => remote.forget(incarnation),
    [Symbol.asyncDispose]: () => remote[Symbol.asyncDispose](),
  }
}
