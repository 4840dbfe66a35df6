// What a scan costs when nothing happened, counted; and how soon it sees that something did.

import type { Kysely, Transaction } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { startCare } from '../../src/care/index.ts'
import type { Session } from '../../src/provider/contract.ts'
import type { Database } from '../../src/store/schema.ts'
import type { Store } from '../../src/store/store.ts'
import { openLife } from '../crash/installation.ts'
import { stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { idleSession, seedIdle } from '../support/idle-platforms.ts'
import { memorySession } from '../support/memory-world.ts'
import { testStore } from '../support/store.ts'
import { virtualClock } from '../support/virtual-clock.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

/** The store, with every statement and every row it answers counted. */
function counted(store: Store) {
  const count = { statements: 0, rows: 0, writes: 0 }
  const plugin: Parameters<Kysely<Database>['withPlugin']>[0] = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      count.statements += 1
      count.rows += result.rows.length
      return result
    },
  }
  const watched: Store = {
    ...store,
    read: store.read.withPlugin(plugin),
    write(work) {
      count.writes += 1
      return store.write((tx) => work(tx.withPlugin(plugin) as Transaction<Database>))
    },
  }
  return { count, watched }
}

/** What the second of two scans costs of so many platforms at rest, and the third, after one machine vanished. */
async function costs(platforms: number, by: 'list' | 'pages') {
  const clock = virtualClock()
  await using opened = await testStore(clock.seams)
  const idle = await clock.runUntil(seedIdle(opened.store, clock.seams, platforms))
  const machines = new Map(idle.machines)
  const { count, watched } = counted(opened.store)
  const session = idleSession(machines, by)
  const care = startCare({
    store: watched,
    seams: clock.seams,
    wake: () => undefined,
    sessions: { get: async () => session },
    scanEveryMs: 3_600_000,
    log: () => undefined,
  })
  const scan = async () => {
    const before = { ...count }
    await clock.runUntil(care.scanNow())
    return {
      statements: count.statements - before.statements,
      rows: count.rows - before.rows,
      writes: count.writes - before.writes,
    }
  }
  await scan()
  const unchanged = await scan()
  const [victim] = machines.keys()
  if (victim) machines.delete(victim)
  const changed = await scan()
  const missing = await opened.store.read
    .selectFrom('machines')
    .select('id')
    .where('missing_since', 'is not', null)
    .execute()
  await clock.runUntil(Promise.resolve(care[Symbol.asyncDispose]()))
  return { unchanged, changed, missing: missing.length }
}

test.each(['list', 'pages'] as const)(
  'by %s, a scan of what did not change reads and writes the same few rows however many machines there are',
  async (by) => {
    const few = await costs(2, by)
    const many = await costs(300, by)
    expect(many.unchanged).toEqual(few.unchanged)
    expect(many.unchanged.statements).toBeLessThan(15)
    expect(many.unchanged.writes).toBe(2)
    // And it does look: one machine that vanished costs the same among ten as among 1,500.
    expect(many.missing).toBe(1)
    expect(many.changed).toEqual(few.changed)
  },
)

test('of pages that are as they were, a provider sends nothing', async () => {
  const clock = virtualClock()
  await using opened = await testStore(clock.seams)
  const idle = await clock.runUntil(seedIdle(opened.store, clock.seams, 100))
  const real = idleSession(new Map(idle.machines), 'pages')
  const sent: number[] = []
  const session: Session = {
    ...real,
    async *pages(owner, known, signal) {
      let objects = 0
      for await (const page of real.pages?.(owner, known, signal) ?? []) {
        objects += page.objects?.length ?? 0
        yield page
      }
      sent.push(objects)
    },
  }
  const deps = { store: opened.store, seams: clock.seams, wake: () => undefined, log: () => undefined }
  const care = startCare({ ...deps, sessions: { get: async () => session }, scanEveryMs: 3_600_000 })
  for (const _ of [1, 2, 3]) await clock.runUntil(care.scanNow())
  expect(sent).toEqual([500, 0, 0])
  await clock.runUntil(Promise.resolve(care[Symbol.asyncDispose]()))
})

test('by default a machine that vanishes is missed, and its successor decided, within 70 s', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { count: 3 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await gantry.care[Symbol.asyncDispose]()
  const session = memorySession(life.world)
  const care = startCare({
    store: gantry.store,
    seams: life.clock.seams,
    wake: (platform) => gantry.engine.wake(platform),
    sessions: { get: async () => session },
    log: () => undefined,
  })
  const decided = async () =>
    (await gantry.store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace').execute()).length
  // At six moments of the scans' round, so that no lucky one is measured.
  for (let turn = 1; turn <= 6; turn++) {
    await life.clock.advance(100_000 + turn * 7_000)
    const [victim] = life.world.living()
    if (!victim) throw new Error('nobody to kill')
    const vanishedAt = life.clock.now()
    life.world.kill(victim, 'vanished')
    await gantry.run(async () => (await decided()) === turn)
    expect(life.clock.now() - vanishedAt).toBeLessThanOrEqual(70_000)
    await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 3)
  }
  await life.wait(Promise.resolve(care[Symbol.asyncDispose]()))
})
