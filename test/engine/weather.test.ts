// A provider in bad weather, lived through by a whole platform: nothing is lost by leaving it alone, and nothing doubled.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { startCare } from '../../src/care/index.ts'
import type { Session } from '../../src/provider/contract.ts'
import { lookerOver } from '../../src/provider/look.ts'
import { type Weather, weatherOf } from '../../src/provider/weather.ts'
import { weatheredSession } from '../../src/provider/weathered.ts'
import { machineStep } from '../../src/steps/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { expectBuilt, expectDeleted } from '../crash/invariants.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

/** A process whose machine steps go through the door of a weather, and what reached the provider behind it. */
async function inWeather(life: MemoryLife) {
  const reached: string[] = []
  let weather: Weather | undefined
  let door: Session | undefined
  const gantry = await life.start(null, {
    machineStep(_, session) {
      weather = weatherOf(life.clock.seams, 'dc1', null, new AbortController().signal)
      const behind = weatheredSession(counted(session, reached), weather)
      const looker = lookerOver(behind)
      door = behind
      return machineStep({ open: async () => ({ session: behind, looker }) })
    },
  })
  // Scans go through the same door.
  await gantry.care[Symbol.asyncDispose]()
  startCare({
    store: gantry.store,
    seams: gantry.seams,
    wake: (id) => gantry.engine.wake(id),
    sessions: { get: async () => door ?? Promise.reject(new Error('no session')) },
    log: () => undefined,
  })
  return { gantry, reached, weather: () => weather }
}

function counted(session: Session, reached: string[]): Session {
  const { pages: _, ...plain } = session
  return {
    ...plain,
    probe(signal) {
      reached.push('probe')
      return session.probe(signal)
    },
    create(key, request, signal) {
      reached.push('create')
      return session.create(key, request, signal)
    },
    observe(owner, keys, signal) {
      reached.push('observe')
      return session.observe(owner, keys, signal)
    },
    destroy(owner, key, signal) {
      reached.push('destroy')
      return session.destroy(owner, key, signal)
    },
  }
}

test('a provider that is away for an hour is probed and not stormed; the build waits, then says who can act, and goes on by itself', async () => {
  await using life = openLife(template)
  const { gantry, reached, weather } = await inWeather(life)
  life.world.faults.unreachable = true
  const id = await gantry.ask('team-a', { count: 3 })
  await life.clock.advance(10 * 60_000)
  expect(weather()?.view().breaker.state).not.toBe('closed')
  expect(await stateOf(gantry.store, id)).toBe('building')
  const records = gantry.store.read.selectFrom('records').select(['status', 'reason']).where('kind', '=', 'machine')
  for (const { status, reason } of await records.execute()) {
    expect(status).toBe('waiting')
    expect(reason).toMatch(/^provider dc1 has not answered since .* UTC/)
  }
  await life.clock.advance(50 * 60_000)
  expect(await stateOf(gantry.store, id)).toBe('blocked')
  // At most one probe a minute, beside the first calls and the first, shorter pauses.
  expect(reached.length).toBeLessThan(75 + 20)
  expect(reached.filter((call) => call === 'create')).toEqual([])
  life.world.faults.unreachable = false
  const backAt = life.clock.now()
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(life.clock.now() - backAt).toBeLessThan(3 * 60_000)
  await expectBuilt(life, gantry.store, id, 3)
})

test('an answer that was lost just before the breaker opened stays unknown: nothing is doubled, and nothing called gone', async () => {
  await using life = openLife(template, { world: { faults: { loseCreateReplies: 4 } } })
  const { gantry, weather } = await inWeather(life)
  const id = await gantry.ask('team-a', { count: 4 })
  await gantry.run(async () => life.world.living().length === 4)
  life.world.faults.unreachable = true
  await life.clock.advance(60_000)
  expect(weather()?.view().breaker.state).not.toBe('closed')
  await gantry.remove(id)
  await life.clock.advance(10 * 60_000)
  expect(await stateOf(gantry.store, id)).toBe('deleting')
  expect(life.world.living()).toHaveLength(4)
  life.world.faults.unreachable = false
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  await expectDeleted(life, gantry.store, id)
})

test('a provider that asks not to be called, or that may be asked seldom, is not called unreachable for it', async () => {
  await using life = openLife(template)
  const { gantry, weather } = await inWeather(life)
  const id = await gantry.ask('team-a', { count: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  weather()?.changed('dc1', { perSecond: 0.001, burst: 1 })
  await life.clock.advance(10 * 60_000)
  weather()?.changed('dc1', null)
  life.world.faults.throttle = 100
  await life.clock.advance(2 * 60_000)
  life.world.faults.throttle = 0
  await life.clock.advance(2 * 60_000)
  const states = gantry.store.read.selectFrom('events').select('to_state').where('kind', '=', 'provider.state')
  expect(await states.execute()).toEqual([])
  expect(weather()?.view().all.throttled).toBeGreaterThan(0)
})
