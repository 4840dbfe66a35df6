// The door in front of a provider: when it lets calls through, and what it says of those it does not.

import { expect, test } from 'vitest'
import { virtualClock } from '../../test/support/virtual-clock.ts'
import type { OwnerTag, ResourceKey, Session } from './contract.ts'
import { ProviderFault } from './fault.ts'
import type { RateLimit } from './token-bucket.ts'
import { type HeldBack, weatherOf } from './weather.ts'
import { weatheredSession } from './weathered.ts'

const owner = 'ins_a' as OwnerTag
const key = 'ins_a/0/p/w@1' as ResourceKey
const never = () => new AbortController().signal

/** A provider that says what the test wants, counts what reaches it, and takes 10 ms for each call. */
function provider(limit: RateLimit | null = null) {
  const clock = virtualClock()
  const server = { fault: null as ProviderFault | null, reached: 0, probes: 0, tookMs: 10 }
  const answer = async (): Promise<void> => {
    server.reached += 1
    await clock.seams.clock.sleep(server.tookMs)
    if (server.fault) throw server.fault
  }
  const session: Session = {
    capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'none', hosts: true, power: false },
    async probe() {
      server.probes += 1
      await answer()
      return { identity: 'a', version: '1', latencyMs: 0, missingRights: [] }
    },
    async *inventory() {
      await answer()
      yield* []
    },
    create: () => Promise.reject(new Error('not asked for')),
    async *observe() {
      await answer()
      yield* []
    },
    destroy: answer,
    async *list() {
      await answer()
      yield* []
    },
    async [Symbol.asyncDispose]() {},
  }
  const weather = weatherOf(clock.seams, 'dc1', limit, never())
  const door = weatheredSession(session, weather)
  const look = () => clock.runUntil(Array.fromAsync(door.list(owner, never())))
  const change = () => clock.runUntil(door.destroy(owner, key, never()))
  return { clock, server, weather, door, look, change }
}

const down = () => new ProviderFault({ kind: 'transient', outcome: 'unknown' }, 'connection reset')

/** Calls until the breaker is open. */
async function opened() {
  const at = provider()
  at.server.fault = down()
  for (let call = 0; call < 5; call++) await expect(at.change()).rejects.toThrow('connection reset')
  expect(at.weather.view().breaker.state).toBe('open')
  return at
}

test('a provider that fails five times in a row is left alone: what is refused was never sent, and says so', async () => {
  const at = await opened()
  const before = at.server.reached
  const refusals = await Promise.allSettled([at.change(), at.look()])
  for (const refusal of refusals) {
    expect(refusal).toMatchObject({
      status: 'rejected',
      reason: { name: 'HeldBack', kind: 'transient', outcome: 'none', because: 'breaker' },
    })
  }
  expect(at.server.reached).toBe(before)
  expect(at.weather.view().breaker).toMatchObject({ refused: 2, reason: 'connection reset' })
  expect(at.weather.reason()).toMatch(/^provider dc1 has not answered since .* UTC \(connection reset\)/)
})

test('what is in flight when the breaker opens keeps its own outcome: an unknown one stays unknown', async () => {
  const at = provider()
  at.server.tookMs = 1_000
  const slow = at.door.destroy(owner, key, never())
  slow.catch(() => undefined)
  await at.clock.settle()
  at.server.tookMs = 10
  at.server.fault = down()
  for (let call = 0; call < 5; call++) await expect(at.change()).rejects.toThrow('connection reset')
  expect(at.weather.view().breaker.state).toBe('open')
  await expect(at.clock.runUntil(slow)).rejects.toMatchObject({ name: 'ProviderFault', outcome: 'unknown' })
})

test('after its pause one probe goes out, never a change; when it is answered everything goes through', async () => {
  const at = await opened()
  const probed = at.server.probes
  await at.clock.advance(7_000)
  at.server.fault = null
  // A change sets off the probe and is refused: it must not be what finds out.
  await expect(at.change()).rejects.toMatchObject({ name: 'HeldBack' })
  await at.clock.advance(100)
  expect(at.server.probes).toBe(probed + 1)
  expect(at.weather.view().breaker.state).toBe('closed')
  await at.change()
  await at.look()
  expect(at.weather.reason()).toBeNull()
})

test('a look waits for the probe that it sets off, and others join it', async () => {
  const at = await opened()
  const probed = at.server.probes
  await at.clock.advance(7_000)
  at.server.fault = null
  await at.clock.runUntil(Promise.all([1, 2, 3].map(() => Array.fromAsync(at.door.list(owner, never())))))
  expect(at.server.probes).toBe(probed + 1)
})

test('a probe that fails makes the pause longer, up to a minute', async () => {
  const at = await opened()
  const pauses: number[] = []
  for (let turn = 0; turn < 7; turn++) {
    const { probeAt } = at.weather.view().breaker
    pauses.push((probeAt ?? 0) - at.clock.now())
    await at.clock.advance((probeAt ?? 0) - at.clock.now())
    await expect(at.look()).rejects.toMatchObject({ name: 'HeldBack' })
  }
  expect(pauses[1]).toBeGreaterThan(pauses[0] ?? 0)
  expect(Math.max(...pauses)).toBeLessThanOrEqual(72_000)
  expect(Math.min(...pauses.slice(5))).toBeGreaterThanOrEqual(48_000)
})

test('half of the calls failing opens it too; a refusal is an answer and opens nothing', async () => {
  const at = provider()
  for (let call = 0; call < 40; call++) {
    at.server.fault = new ProviderFault({ kind: 'capacity', outcome: 'none' }, 'full')
    await expect(at.change()).rejects.toThrow('full')
  }
  expect(at.weather.view()).toMatchObject({ breaker: { state: 'closed' }, all: { refused: 40, errorRate: 0 } })
  for (let call = 0; call < 40 && at.weather.view().breaker.state === 'closed'; call++) {
    at.server.fault = call % 2 === 0 ? down() : null
    await at.change().catch(() => undefined)
  }
  expect(at.weather.view().breaker.state).toBe('open')
})

test('who asks not to be called for a while is not; a change is refused, a look waits if that is short', async () => {
  const at = provider()
  at.server.fault = new ProviderFault({ kind: 'transient', outcome: 'none', retryAfterMs: 20_000 }, 'slow down')
  await expect(at.look()).rejects.toThrow('slow down')
  at.server.fault = null
  const before = at.server.reached
  await expect(at.change()).rejects.toMatchObject({ name: 'HeldBack', because: 'throttled', outcome: 'none' })
  expect(at.server.reached).toBe(before)
  const askedAt = at.clock.now()
  await at.look()
  expect(at.clock.now() - askedAt).toBeGreaterThanOrEqual(20_000)
  expect(at.weather.view()).toMatchObject({ all: { throttled: 1 }, breaker: { state: 'closed' }, pausedUntil: null })
})

test('a rate limit lets a burst through and then its rate; a caller that gives up gives its turn back', async () => {
  const at = provider({ perSecond: 2, burst: 4 })
  at.server.tookMs = 0
  const began = at.clock.now()
  const looks = Array.from({ length: 10 }, () => Array.fromAsync(at.door.list(owner, never())))
  await at.clock.settle()
  expect(at.server.reached).toBe(4)
  expect(at.weather.view()).toMatchObject({ queued: 6 })
  // The queue is longer than a change may wait.
  await expect(at.change()).rejects.toMatchObject({ name: 'HeldBack', because: 'rateLimit', outcome: 'none' })
  const leaving = new AbortController()
  const left = Array.fromAsync(at.door.list(owner, leaving.signal))
  left.catch(() => undefined)
  await at.clock.settle()
  leaving.abort(new Error('lease lost'))
  await expect(left).rejects.toMatchObject({ kind: 'transient', outcome: 'none', message: 'lease lost' })
  await at.clock.runUntil(Promise.all(looks))
  expect(at.clock.now() - began).toBeGreaterThanOrEqual(3_000)
  expect(at.clock.now() - began).toBeLessThan(3_600)
  expect(at.weather.view().queued).toBe(0)
})

test('latency is told by kind of call, without the time a call waited for its turn', async () => {
  const at = provider({ perSecond: 1, burst: 1 })
  for (const tookMs of [10, 20, 30, 40, 500]) {
    at.server.tookMs = tookMs
    await at.look()
  }
  const { byKind, all } = at.weather.view()
  expect(byKind.look).toMatchObject({ calls: 5, failed: 0, p50Ms: 30, p90Ms: 500 })
  expect(byKind.create.p50Ms).toBeNull()
  await at.clock.advance(600_000)
  expect(all.calls).toBe(5)
  expect(at.weather.view().all.calls).toBe(0)
})

test('a person who wants it tried need not wait for the pause', async () => {
  const at = await opened()
  at.server.fault = null
  await expect(at.look()).rejects.toMatchObject({ name: 'HeldBack' })
  at.weather.hurry()
  await at.look()
})

test('a provider that was changed begins anew', async () => {
  const at = await opened()
  at.weather.changed('dc2', { perSecond: 100, burst: 100 })
  at.server.fault = null
  await at.look()
  expect(at.weather.view()).toMatchObject({ breaker: { state: 'closed' }, rateLimit: { perSecond: 100 } })
})

test('a held-back call is a transient fault with a time to come back', async () => {
  const at = await opened()
  const fault: HeldBack = await at.look().then(
    () => Promise.reject(new Error('it was let through')),
    (error) => error,
  )
  expect(fault.retryAfterMs).toBeGreaterThan(0)
})
