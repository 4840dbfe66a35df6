// Machines that were replaced are kept warm for a while, if the blueprint says so: a change can be undone at once, and no
// machine has to be made for it.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { startMaintenance } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange, lookAtChange } from '../support/changing.ts'

const files = await loadBlueprintFolder('test/blueprints/quorum')
const template: Template = await makeTemplate({
  ...files,
  'blueprint.yaml': (files['blueprint.yaml'] ?? '')
    .replace(/^update:.*$/m, 'update: { strategy: replace, maxInFlight: 2, order: [worker, voter], keepWarm: 10m }')
    .replace(
      /^health:/m,
      `drain:
  worker: { on: any-healthy(voter), run: scripts/drain.sh }
return:
  worker: { on: any-healthy(voter), run: scripts/return.sh }

health:`,
    ),
  'scripts/drain.sh': 'echo "draining $GANTRY_SUBJECT"',
  'scripts/return.sh': 'echo "$GANTRY_SUBJECT is back"',
})
afterAll(() => template.dispose())

async function changed(life: MemoryLife) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 2 })
  await ready(gantry, id)
  const old = await workers(gantry, id)
  await askChange(gantry, id, { kind: 'change', parameters: { revision: 2 } })
  await ready(gantry, id)
  return { gantry, id, old, before: life.remote.starts.length }
}

async function ready(gantry: Process, id: PlatformId): Promise<void> {
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
}

async function workers(gantry: Process, id: PlatformId): Promise<string> {
  const row = await gantry.store.read.selectFrom('platforms').select('outputs').where('id', '=', id).executeTakeFirst()
  return JSON.parse(row?.outputs ?? '{}')['worker-addresses']
}

async function held(gantry: Process, id: PlatformId): Promise<number> {
  const rows = await gantry.store.read
    .selectFrom('reservations')
    .select('amounts')
    .where('platform_id', '=', id)
    .execute()
  return rows.reduce((sum, { amounts }) => sum + (JSON.parse(amounts)['vm.count'] ?? 0), 0)
}

const there = (life: MemoryLife): string[] =>
  life.world
    .living()
    .map(({ key }) => String(key).split('/').at(-1) ?? '')
    .sort()

test('the platform is ready without them; after their time they go, with all they held', async () => {
  await using life = openLife(template)
  const { gantry, id, old } = await changed(life)
  expect(there(life)).toEqual(['voter-0@2', 'worker-0@1', 'worker-0@2', 'worker-1@1', 'worker-1@2'])
  expect(await workers(gantry, id)).not.toBe(old)
  expect(await held(gantry, id)).toBe(5)
  await life.clock.advance(11 * 60_000)
  await gantry.run(async () => life.world.living().length === 3)
  await gantry.run(async () => (await held(gantry, id)) === 3)
  expect(there(life)).toEqual(['voter-0@2', 'worker-0@2', 'worker-1@2'])
  expect(
    life.remote.starts
      .filter(({ stepKey }) => stepKey.startsWith('leave/worker'))
      .map((one) => one.stepKey)
      .sort(),
  ).toEqual([...['leave/worker-0@1', 'leave/worker-1@1']])
})

test('who was kept warm for a place that is given up goes with it, and nobody is made for that place', async () => {
  await using life = openLife(template)
  const { gantry, id } = await changed(life)
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 1 } })
  await ready(gantry, id)
  expect(there(life)).toEqual(['voter-0@2', 'worker-0@1', 'worker-0@2'])
  expect(await held(gantry, id)).toBe(3)
  const made = await gantry.store.read
    .selectFrom('members')
    .select('incarnation')
    .where('incarnation', '>', 2)
    .execute()
  expect(made).toEqual([])
})

test('undone in time, they take their places again; nobody is made anew, and their successors go', async () => {
  await using life = openLife(template)
  const { gantry, id, old, before } = await changed(life)
  const { preview } = await lookAtChange(gantry, id, { kind: 'rollback' })
  expect(preview.returning.map(({ ref }) => ref)).toEqual(['worker-0@1', 'worker-1@1'])
  expect(preview.undone.map(({ ref }) => ref)).toEqual(['worker-0@2', 'worker-1@2'])
  await askChange(gantry, id, { kind: 'rollback' })
  await ready(gantry, id)
  expect(await workers(gantry, id)).toBe(old)
  const steps = life.remote.starts.slice(before).map(({ stepKey }) => stepKey)
  expect(steps).toContain('return/worker-0@1')
  expect(steps.filter((key) => /^script\/worker.*\/(prepare|join)$/.test(key))).toEqual([])
  expect(there(life)).toEqual(['voter-0@3', 'worker-0@1', 'worker-1@1'])
  expect(await held(gantry, id)).toBe(3)
})

test('one that dies while it is kept warm is not repaired: it goes', async () => {
  await using life = openLife(template)
  const { gantry, id } = await changed(life)
  const victim = life.world.living().find(({ key }) => String(key).endsWith('/worker-1@1'))
  if (!victim) throw new Error('no worker-1@1')
  life.world.kill(victim, 'vanished')
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async () => (await held(gantry, id)) === 4)
  expect(await stateOf(gantry.store, id)).toBe('ready')
  expect(there(life)).toEqual(['voter-0@2', 'worker-0@1', 'worker-0@2', 'worker-1@2'])
})

test('a platform is deleted with all that is kept warm', async () => {
  await using life = openLife(template)
  const { gantry, id } = await changed(life)
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(there(life)).toEqual([])
  expect(await held(gantry, id)).toBe(0)
})

test('a host in maintenance: who serves moves at once, who is kept warm stays its time, and then it is empty', async () => {
  await using life = openLife(template)
  const { gantry, id } = await changed(life)
  const hostOf = (member: string) => life.world.living().find(({ key }) => String(key).endsWith(`/${member}`))?.host
  const host = hostOf('worker-0@2') ?? ''
  const place = { provider: template.providerId, host }
  const because = { actor: 'admin', reason: null }
  await life.wait(gantry.store.write((tx) => startMaintenance(tx, gantry.seams, place, because)))
  gantry.engine.wake(id)
  await gantry.run(async () => there(life).includes('worker-0@3') && hostOf('worker-0@2') === undefined)
  expect(hostOf('worker-0@3')).not.toBe(host)
  expect(there(life)).toContain('worker-0@1')
  await life.clock.advance(12 * 60_000)
  expect(there(life).filter((ref) => ref.startsWith('worker'))).toEqual([
    'worker-0@3',
    expect.stringMatching(/^worker-1@/),
  ])
  expect(
    life.world.living().filter((machine) => machine.host === host && String(machine.key).includes('/worker-')),
  ).toEqual([])
})
