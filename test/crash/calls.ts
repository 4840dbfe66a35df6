// What a process does to the outside, one call at a time: seen, failed, doubled, or its answer lost.

import { type Remote, RemoteFault, type ScriptAttempt } from '../../src/bootstrap/remote.ts'
import type { Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Parts } from './process.ts'

export type CallKind = 'create' | 'destroy' | 'power' | 'observe' | 'list' | 'prove' | 'start' | 'stop' | 'look' | 'log'

export interface OutsideCall<T> {
  readonly kind: CallKind
  /** Whom it is about: `worker-0@1`, a step's key, or empty. */
  readonly about: string
  act(): Promise<T>
}

/** Stands between a process and the outside. */
export interface Meddler {
  call<T>(call: OutsideCall<T>): Promise<T>
  /** The script that is really started. */
  script?(attempt: ScriptAttempt): ScriptAttempt
}

/** A process whose every call goes through the meddler. */
export function meddled(meddler: Meddler): Parts {
  const { script = (attempt) => attempt } = meddler
  return {
    session: (real) => meddledSession(real, meddler),
    remote: (real): Remote => ({
      prove: (target, signal) => meddler.call({ kind: 'prove', about: '', act: () => real.prove(target, signal) }),
      start: (target, [first, ...rest], waitMs, signal) =>
        meddler.call({
          kind: 'start',
          about: first.stepKey,
          act: () => real.start(target, [script(first), ...rest.map(script)], waitMs, signal),
        }),
      stop: (target, attempt, signal) =>
        meddler.call({ kind: 'stop', about: '', act: () => real.stop(target, attempt, signal) }),
      look: (target, id, waitMs, signal) =>
        meddler.call({ kind: 'look', about: '', act: () => real.look(target, id, waitMs, signal) }),
      log: (target, id, offset, max, signal) =>
        meddler.call({ kind: 'log', about: '', act: () => real.log(target, id, offset, max, signal) }),
      check: (target, script, timeoutMs, signal) => real.check(target, script, timeoutMs, signal),
      forget: (incarnation) => real.forget(incarnation),
      [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
    }),
  }
}

function meddledSession(real: Session, meddler: Meddler): Session {
  const { pages, power } = real
  async function* each<T>(kind: CallKind, items: () => AsyncIterable<T>): AsyncIterable<T> {
    yield* await meddler.call({ kind, about: '', act: () => Array.fromAsync(items()) })
  }
  return {
    ...real,
    create: (key, request, signal) =>
      meddler.call({ kind: 'create', about: memberOf(key), act: () => real.create(key, request, signal) }),
    destroy: (owner, key, signal) =>
      meddler.call({ kind: 'destroy', about: memberOf(key), act: () => real.destroy(owner, key, signal) }),
    observe: (owner, keys, signal) => each('observe', () => real.observe(owner, keys, signal)),
    list: (owner, signal) => each('list', () => real.list(owner, signal)),
    ...(power && {
      power: (owner, key, to, signal) =>
        meddler.call({ kind: 'power', about: memberOf(key), act: () => power(owner, key, to, signal) }),
    }),
    ...(pages && { pages: (owner, known, signal) => each('list', () => pages(owner, known, signal)) }),
  }
}

function memberOf(key: string): string {
  return key.split('/').at(-1) ?? key
}

/** Scripts that exit with 3; `serial` counts the scripts of one step that were started before it. */
export function failingScripts(fails: (stepKey: string, serial: number) => boolean): Parts {
  const started = new Map<string, Set<string>>()
  return meddled({
    call: ({ act }) => act(),
    script(attempt) {
      const before = started.get(attempt.stepKey) ?? new Set()
      started.set(attempt.stepKey, before)
      const serial = before.has(attempt.id) ? [...before].indexOf(attempt.id) : before.size
      before.add(attempt.id)
      return fails(attempt.stepKey, serial) ? { ...attempt, script: 'echo "made to fail" >&2\nexit 3\n' } : attempt
    },
  })
}

/** A provider that refuses to make these members. */
export function refusingToMake(refuses: (member: string) => boolean): Parts {
  return meddled({
    async call({ kind, about, act }) {
      if (kind === 'create' && refuses(about)) throw refused(about)
      return act()
    },
  })
}

export function refused(about: string): ProviderFault {
  return new ProviderFault({ kind: 'rejected', outcome: 'none' }, `the request for ${about} is not allowed`)
}

/** What a caller hears whose answer was lost on the way. */
export function answerLost(kind: CallKind): ProviderFault | RemoteFault {
  const why = 'the connection broke before the answer came'
  const provider = ['create', 'destroy', 'power', 'observe', 'list'].includes(kind)
  return provider ? new ProviderFault({ kind: 'transient', outcome: 'unknown' }, why) : new RemoteFault('broken', why)
}
