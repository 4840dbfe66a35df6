import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { StepKind } from '../../src/engine/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Store } from '../../src/store/store.ts'
import { openLife } from './installation.ts'
import { type Gate, stateOf } from './process.ts'
import { makeTemplate } from './template.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

test('two engines on one file share the work and never run the same step at once', async () => {
  await using life = openLife(template, { world: { bootMs: 3_000 } })
  const under = new Set<string>()
  const ran = { a: 0, b: 0 }
  const watched =
    (who: 'a' | 'b') =>
    (real: StepKind): StepKind => ({
      ...real,
      async ensure(ctx) {
        const key = `${ctx.platformId} ${ctx.step.key}`
        expect(under.has(key)).toBe(false)
        under.add(key)
        ran[who] += 1
        try {
          return await real.ensure(ctx)
        } finally {
          under.delete(key)
        }
      },
    })
  const a = await life.start(null, { kind: watched('a') })
  const b = await life.start(null, { kind: watched('b') })
  const ids: PlatformId[] = []
  for (const [i, asked] of [a, b, a, b, a, b].entries()) ids.push(await asked.ask(`team-${i}`, { count: 2 }))
  await a.run(allReady(ids))
  expect(life.world.living()).toHaveLength(12)
  expect(ran.a).toBeGreaterThan(0)
  expect(ran.b).toBeGreaterThan(0)
})

// Every 70 ms of a build of some 4 s: while creating, booting, connecting, and between.
const moments = Array.from({ length: 12 }, (_, i) => 70 + i * 330)

test.each(moments)('an engine stopped %i ms into a build for a minute changes nothing when it wakes', async (ms) => {
  await using life = openLife(template, { world: { bootMs: 2_000, latencyMs: 40 } })
  const gate = stopGate()
  const a = await life.start(null, { gate })
  const id = await a.ask('team-a', { count: 3 })
  await life.clock.advance(ms)
  gate.stop()
  const b = await life.start(null)
  await life.clock.advance(60_000)
  expect(await stateOf(b.store, id)).toBe('ready')
  const before = await everything(b.store)
  const machines = life.world.living().map((machine) => machine.ref)
  gate.wake()
  await life.clock.advance(5_000)
  expect(await everything(b.store)).toEqual(before)
  expect(life.world.living().map((machine) => machine.ref)).toEqual(machines)
  expect(machines).toHaveLength(3)
})

function allReady(ids: readonly PlatformId[]) {
  return async (store: Store): Promise<boolean> => {
    for (const id of ids) if ((await stateOf(store, id)) !== 'ready') return false
    return true
  }
}

function stopGate(): Gate & { stop(): void; wake(): void } {
  let stopped: Promise<void> | undefined
  let wake: () => void = () => undefined
  return {
    async through() {
      while (stopped) await stopped
    },
    stop() {
      stopped = new Promise((resolve) => {
        wake = resolve
      })
    },
    wake() {
      stopped = undefined
      wake()
    },
  }
}

/** All that a run may write, as it is on the disk. */
async function everything(store: Store): Promise<unknown> {
  const { read } = store
  return {
    platforms: await read.selectFrom('platforms').selectAll().execute(),
    members: await read.selectFrom('members').selectAll().execute(),
    machines: await read.selectFrom('machines').selectAll().execute(),
    records: await read.selectFrom('records').selectAll().execute(),
    attempts: await read.selectFrom('attempts').selectAll().execute(),
    decisions: await read.selectFrom('decisions').selectAll().execute(),
    runs: await read.selectFrom('runs').selectAll().execute(),
    events: await read.selectFrom('events').selectAll().execute(),
  }
}
