import { expect, test } from 'vitest'
import { virtualClock } from '../../test/support/virtual-clock.ts'
import { boundedSession, within } from './bounded.ts'
import type { MachineRequest, OwnerTag, ResourceKey, Session } from './contract.ts'
import { ProviderFault } from './fault.ts'

const owner = 'ins_a' as OwnerTag
const key = 'ins_a/0/p/w@1' as ResourceKey
const request = {} as MachineRequest & { own: unknown }
const never = () => new AbortController().signal
const silence = () => new Promise<never>(() => undefined)

async function* nothing(): AsyncIterable<never> {
  yield await silence()
}

/** A provider that takes every call and answers none. */
const silent: Session = {
  capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'none', hosts: true, power: true },
  probe: silence,
  identify: silence,
  inventory: nothing,
  create: silence,
  observe: nothing,
  destroy: silence,
  list: nothing,
  pages: nothing,
  power: silence,
  hasImage: silence,
  async [Symbol.asyncDispose]() {},
}

/** Every call of a session, with whether it changes something. */
const calls: readonly [string, boolean, (session: Session, signal: AbortSignal) => Promise<unknown>][] = [
  ['probe', false, (session, signal) => session.probe(signal)],
  ['identify', false, async (session, signal) => session.identify?.(signal)],
  ['inventory', false, (session, signal) => Array.fromAsync(session.inventory(signal))],
  ['create', true, (session, signal) => session.create(key, request, signal)],
  ['observe', false, (session, signal) => Array.fromAsync(session.observe(owner, [{ key }], signal))],
  ['destroy', true, (session, signal) => session.destroy(owner, key, signal)],
  ['list', false, (session, signal) => Array.fromAsync(session.list(owner, signal))],
  ['pages', false, async (session, signal) => Array.fromAsync(session.pages?.(owner, new Map(), signal) ?? [])],
  ['power', true, async (session, signal) => session.power?.(owner, key, 'on', signal)],
  ['hasImage', false, async (session, signal) => session.hasImage?.('x', signal)],
]

test.each(calls)('%s of a provider that never answers ends as a transient fault', async (_, changes, call) => {
  const clock = virtualClock()
  const ended = call(boundedSession(silent, clock.seams.clock), never())
  const fault = { name: 'ProviderFault', kind: 'transient', outcome: changes ? 'unknown' : 'none' }
  await expect(clock.runUntil(ended)).rejects.toMatchObject(fault)
})

test.each(calls)('%s ends at once when its caller gives up, and the provider is told', async (_, changes, call) => {
  const clock = virtualClock()
  const given: AbortSignal[] = []
  const session = new Proxy(silent, {
    get: (target, name, receiver) => {
      const part = Reflect.get(target, name, receiver)
      if (typeof part !== 'function') return part
      return (...args: unknown[]) => {
        given.push(...args.filter((arg) => arg instanceof AbortSignal))
        return part()
      }
    },
  })
  const caller = new AbortController()
  const ended = call(boundedSession(session, clock.seams.clock), caller.signal)
  caller.abort(new Error('lease lost'))
  const fault = { kind: 'transient', outcome: changes ? 'unknown' : 'none', message: 'lease lost' }
  await expect(ended).rejects.toMatchObject(fault)
  expect(given.map((signal) => signal.aborted)).toEqual([true])
  expect(clock.sleeping).toBe(0)
  await expect(call(boundedSession(session, clock.seams.clock), caller.signal)).rejects.toMatchObject({
    kind: 'transient',
    outcome: 'none',
  })
})

test('a fault passes as it is; whatever else a kind throws is a fault', async () => {
  const clock = virtualClock()
  const full = new ProviderFault({ kind: 'capacity', outcome: 'none' }, 'full')
  const broken = (error: unknown) =>
    boundedSession(
      {
        ...silent,
        create: async () => {
          throw error
        },
      },
      clock.seams.clock,
    )
  await expect(broken(full).create(key, request, never())).rejects.toBe(full)
  await expect(broken(new TypeError('x is undefined')).create(key, request, never())).rejects.toMatchObject({
    name: 'ProviderFault',
    kind: 'transient',
    outcome: 'unknown',
    message: 'x is undefined',
  })
})

test('what a provider does not offer is not offered', () => {
  const { power: _, hasImage: __, identify: ___, pages: ____, ...plain } = silent
  const session = boundedSession(plain, virtualClock().seams.clock)
  expect([session.power, session.hasImage, session.identify, session.pages]).toEqual(Array(4).fill(undefined))
})

test('work that is more than a call keeps its own errors, and ends in time too', async () => {
  const clock = virtualClock()
  const refused = new RangeError('no image of that name')
  await expect(within(clock.seams.clock, 1_000, 'none', never(), async () => Promise.reject(refused))).rejects.toBe(
    refused,
  )
  const late = within(clock.seams.clock, 1_000, 'none', never(), silence)
  await expect(clock.runUntil(late)).rejects.toMatchObject({ name: 'ProviderFault', kind: 'transient' })
})
