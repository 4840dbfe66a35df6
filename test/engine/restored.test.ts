// A Gantry restored from a backup: what the old one did since is found and not touched, and after acceptance nothing of
// it is taken for something else.

import { copyFileSync, rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { compareProviders } from '../../src/care/index.ts'
import { acceptRestore } from '../../src/resources/backups/accept.ts'
import { beginReportOnly } from '../../src/resources/backups/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { expectBuilt } from '../crash/invariants.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { memorySession } from '../support/memory-world.ts'

const template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

/** What the store's file is copied to and from, as backup and restore do. */
async function snapshotOf(life: MemoryLife, gantry: Process) {
  const copy = await life.wait(gantry.store.snapshot())
  const file = copy.path.replace(/\.copy-.*$/, '')
  const takenAt = gantry.seams.clock.now()
  return {
    /** Ends the process, puts the file back as it was and starts another one, which only reports. */
    async restore(): Promise<Process> {
      await gantry.kill()
      for (const tail of ['', '-wal', '-shm']) rmSync(file + tail, { force: true })
      copyFileSync(copy.path, file)
      copy[Symbol.dispose]()
      const again = await life.start()
      await life.wait(again.store.write((tx) => beginReportOnly(tx, again.seams, { takenAt, version: '0.1.0' })))
      return again
    },
  }
}

const accept = async (life: MemoryLife, gantry: Process) => {
  const { due } = await life.wait(
    gantry.store.write((tx) => acceptRestore(tx, gantry.seams, { actor: 'test', report: 'read' })),
  )
  for (const platform of due) gantry.engine.wake(platform)
}

const living = (life: MemoryLife) =>
  life.world
    .living()
    .map((machine) => String(machine.key))
    .sort()

async function compared(life: MemoryLife, gantry: Process) {
  const deps = { read: gantry.store.read, sessions: { get: async () => memorySession(life.world) } }
  const [comparison] = await life.wait(compareProviders(deps, new AbortController().signal))
  if (!comparison) throw new Error('no provider')
  return comparison
}

test('what came after the backup is unknown and stays until acceptance; then it goes, after its grace', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const kept = await gantry.ask('kept', { workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, kept)) === 'ready')
  const backup = await snapshotOf(life, gantry)
  const later = await gantry.ask('later', { workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, later)) === 'ready')
  const all = living(life)
  const again = await backup.restore()
  await life.clock.advance(60 * 60_000)
  expect(living(life)).toEqual(all)
  const found = await compared(life, again)
  expect(found.unknown.every((object) => object.platform === later)).toBe(true)
  expect(found.unknown).toHaveLength(all.filter((key) => key.includes(later)).length)
  expect(found.missing).toEqual([])
  await accept(life, again)
  await life.clock.advance(11 * 60_000)
  expect(living(life)).toEqual(all.filter((key) => !key.includes(later)))
  expect(await stateOf(again.store, kept)).toBe('ready')
})

test('a machine replaced after the backup is replaced again, under a key and a name that were never used', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const backup = await snapshotOf(life, gantry)
  await life.vanish('worker-0')
  // The old Gantry heals it as worker-0@2, and the backup knows nothing of that.
  await gantry.run(async (store) => {
    const successor = await store.read
      .selectFrom('machines')
      .select('state')
      .where('member', '=', 'worker-0@2')
      .executeTakeFirst()
    return successor?.state === 'ready' && (await stateOf(store, id)) === 'ready'
  })
  const ever = new Set(living(life))
  const again = await backup.restore()
  await life.clock.advance(10 * 60_000)
  expect(new Set(living(life))).toEqual(ever)
  const found = await compared(life, again)
  expect(found.missing.map((machine) => machine.member)).toEqual(['worker-0@1'])
  expect(found.unknown.map((object) => object.member)).toEqual(['worker-0@2'])
  await accept(life, again)
  await again.run(async (store) => {
    const successor = await store.read
      .selectFrom('machines')
      .select('state')
      .where('member', '=', 'worker-0@1001')
      .executeTakeFirst()
    return successor?.state === 'ready' && (await stateOf(store, id)) === 'ready'
  })
  const fresh = living(life).filter((key) => !ever.has(key))
  expect(fresh).toHaveLength(1)
  expect(fresh[0]).toMatch(/^ins_\w+\/2\/.*\/worker-0@1001$/)
  await life.clock.advance(15 * 60_000)
  await expectBuilt(life, again.store, id, living(life).length)
})

test('a backup from the middle of a build goes on, though machines have seen higher fences since', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { workers: 1 })
  await gantry.run(async (store) => {
    const rows = await store.read.selectFrom('attempts').select('id').execute()
    return rows.length > 0
  })
  const backup = await snapshotOf(life, gantry)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  // Leases change hands, and each has a higher fence.
  await gantry.store.write((tx) => tx.updateTable('runs').set({ fence: 500 }).execute())
  await gantry.remove(id)
  await life.clock.advance(1_000)
  const again = await backup.restore()
  await life.clock.advance(10 * 60_000)
  expect(await stateOf(again.store, id)).toBe('building')
  await accept(life, again)
  await again.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await stateOf(again.store, id)).toBe('ready')
  expect(await life.startedTwice()).toEqual([])
})
