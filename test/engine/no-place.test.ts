// A dead machine that cannot be replaced now: what stands in the way is named with who can mend it, and as soon as it
// is mended the successor is made.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import { saveInventory } from '../../src/placement/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { seedProvider } from '../support/store.ts'

const template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

/**
 * One voter and one worker, ready, on a host that has room for no more. A dead machine holds its place until it is
 * proven gone, so its successor finds none.
 */
async function crowded() {
  const host = { name: 'only', zone: 'zone-a', cpu: 4, memoryBytes: 2 ** 35, diskBytes: 2 ** 40 }
  const life = openLife(template, { world: { hosts: [host] } })
  const gantry = await life.start()
  await life.wait(gantry.care.scanNow())
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { life, gantry, id, [Symbol.asyncDispose]: () => life[Symbol.asyncDispose]() }
}

function kill(life: MemoryLife, slot: string): void {
  const victim = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!victim) throw new Error(`no ${slot}`)
  life.world.kill(victim, 'vanished')
}

async function healed(gantry: Process, id: PlatformId): Promise<void> {
  await gantry.run(async (store) => {
    const successor = await store.read
      .selectFrom('machines')
      .select('state')
      .where('member', '=', 'worker-0@2')
      .executeTakeFirst()
    return successor?.state === 'ready' && (await stateOf(store, id)) === 'ready'
  })
}

const roomy = '{"cpu":4,"memory":1,"disk":1}'

/** A provider with a zone where there is room, which does not answer its scans. */
async function addProviderThatIsAway({ clock }: MemoryLife, { store }: Process): Promise<void> {
  const images = '{"debian-12":{"ref":"debian-12","user":"root"}}'
  const zone = { name: 'far', zone: 'zone-z', capacity: null, used: null, state: 'ready' } as const
  await store.write(async (tx) => {
    const id = await seedProvider(tx, clock.seams, 'dc2')
    await tx.updateTable('providers').set({ state: 'unreachable', images }).where('id', '=', id).execute()
    await saveInventory(tx, clock.seams, id, [zone], new Map())
  })
}

async function openProblems({ store }: Process) {
  const rows = await store.read
    .selectFrom('problems')
    .select(['code', 'detail'])
    .where('resolved_at', 'is', null)
    .execute()
  return Object.fromEntries(rows.map((row) => [row.code, row.detail]))
}

test('a platform whose dead machine finds no place is degraded, not ready', async () => {
  await using on = await crowded()
  const { life, gantry, id } = on
  kill(life, 'worker-0')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  await life.clock.advance(5 * 60_000)
  const { state, state_reason } = await gantry.store.read
    .selectFrom('platforms')
    .select(['state', 'state_reason'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect({ state, state_reason }).toEqual({ state: 'degraded', state_reason: 'worker-0 is lost' })
  expect((await openProblems(gantry)).no_capacity).toMatch(/^worker-0 cannot be replaced: worker-0 found no host\./)
})

test('a dead machine whose only other place is at a provider that is away waits for that, and is told so', async () => {
  await using on = await crowded()
  const { life, gantry, id } = on
  kill(life, 'worker-0')
  await gantry.run(async () => 'no_capacity' in (await openProblems(gantry)))
  await addProviderThatIsAway(life, gantry)
  await gantry.run(async () => 'provider_unreachable' in (await openProblems(gantry)))
  expect(await openProblems(gantry)).toEqual({
    machine_dead: expect.any(String),
    provider_unreachable: expect.stringMatching(/^worker-0 cannot be replaced: .* dc2 cannot be reached\..* by itself/),
  })
  // Whoever finds room in between is not asked about providers any more.
  await gantry.store.write((tx) => tx.updateTable('providers').set({ overcommit: roomy }).execute())
  await healed(gantry, id)
  expect(await openProblems(gantry)).toEqual({})
})

test('a dead machine whose image is not offered any more is told so, and replaced when it is offered again', async () => {
  await using on = await crowded()
  const { life, gantry, id } = on
  const { images } = await gantry.store.read.selectFrom('providers').select('images').executeTakeFirstOrThrow()
  await gantry.store.write((tx) => tx.updateTable('providers').set({ images: '{}', overcommit: roomy }).execute())
  kill(life, 'worker-0')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  expect((await openProblems(gantry)).invalid_parameter).toMatch(
    /^worker-0 cannot be replaced: No provider has the image debian-12\..*again by itself/,
  )
  await gantry.store.write((tx) => tx.updateTable('providers').set({ images }).execute())
  await healed(gantry, id)
  expect(await openProblems(gantry)).toEqual({})
})
