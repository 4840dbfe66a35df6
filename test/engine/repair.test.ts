// What happens when machines die, on the pretend quorum: who runs what, who is left alone, and when a
// person is asked. These are the worked examples of the design, lived through.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { ResourceKey } from '../../src/provider/contract.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { memorySession } from '../support/memory-world.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

async function built(life: MemoryLife, parameters: { voters: number; workers: number }) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', parameters)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id, before: life.remote.starts.length }
}

function kill(life: MemoryLife, slot: string): void {
  const victim = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!victim) throw new Error(`no ${slot}`)
  life.world.kill(victim, 'vanished')
}

async function healed(life: MemoryLife, gantry: Process, id: PlatformId, slot: string): Promise<void> {
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => {
    const machine = await store.read
      .selectFrom('machines')
      .select('state')
      .where('member', '=', `${slot}@2`)
      .executeTakeFirst()
    return machine?.state === 'ready' && (await stateOf(store, id)) === 'ready'
  })
}

async function replacements(gantry: Process): Promise<string[]> {
  const decisions = gantry.store.read.selectFrom('decisions').select('subject').where('kind', '=', 'replace')
  return (await decisions.execute()).map((row) => row.subject)
}

const ran = (life: MemoryLife, since: number): string[] => life.remote.starts.slice(since).map((start) => start.stepKey)

test('a dead worker is replaced; founding is untouched and other members run no step', async () => {
  await using life = openLife(template)
  const { gantry, id, before } = await built(life, { voters: 3, workers: 2 })
  kill(life, 'worker-1')
  await healed(life, gantry, id, 'worker-1')
  const steps = ran(life, before)
  expect(steps).toContain('leave/worker-1@1')
  expect(steps).toContain('script/worker-1@2/join')
  expect(steps.filter((key) => key.startsWith('script/') && !key.startsWith('script/worker-1@2/'))).toEqual([])
})

test('a dead founder is replaced like anybody else: it leaves, then its successor joins, and nobody founds again', async () => {
  await using life = openLife(template)
  const { gantry, id, before } = await built(life, { voters: 3, workers: 1 })
  kill(life, 'voter-0')
  await healed(life, gantry, id, 'voter-0')
  const steps = ran(life, before)
  expect(steps.indexOf('leave/voter-0@1')).toBeLessThan(steps.indexOf('script/voter-0@2/join'))
  expect(steps).toContain('script/voter-0@2/join')
  expect(steps).not.toContain('script/found')
})

test('a founder lost before founding was recorded is proven gone, and another one founds', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 3, workers: 0 })
  await gantry.run(async () => life.world.living().length === 3)
  kill(life, 'voter-0')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const founders = await gantry.store.read
    .selectFrom('decisions')
    .select('data')
    .where('kind', '=', 'founder')
    .orderBy('id')
    .execute()
  expect(founders.map((row) => JSON.parse(row.data).member)).toEqual([
    'voter-0@1',
    expect.stringMatching(/^voter-[012]@\d$/),
  ])
  expect(life.world.living()).toHaveLength(3)
})

test('a lost quorum is not repaired by guessing: the platform blocks with quorum_lost, and can be deleted', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 1 })
  kill(life, 'voter-0')
  kill(life, 'voter-1')
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  const open = await gantry.store.read
    .selectFrom('problems')
    .select(['code', 'subject'])
    .where('resolved_at', 'is', null)
    .execute()
  expect(open).toContainEqual({ code: 'quorum_lost', subject: 'platform' })
  expect(await gantry.store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace').execute()).toEqual(
    [],
  )
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
})

test('a founder that dies after founding and before anybody joined takes the quorum with it: nobody founds again, and it can be deleted', async () => {
  await using life = openLife(template)
  let mayJoin = false
  const gantry = await life.start(null, {
    kind: (real) => ({
      ...real,
      ensure: async (ctx) =>
        mayJoin || !ctx.step.key.endsWith('/join') ? real.ensure(ctx) : { kind: 'wait', afterMs: 300, reason: 'held' },
    }),
  })
  const id = await gantry.ask('team-a', { voters: 3, workers: 1 })
  await gantry.run(async (store) => {
    const record = store.read.selectFrom('records').select('achieved').where('key', '=', 'script/found')
    return typeof (await record.executeTakeFirst())?.achieved === 'string'
  })
  kill(life, 'voter-0')
  mayJoin = true
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  const open = gantry.store.read.selectFrom('problems').select('code').where('resolved_at', 'is', null)
  expect(await open.execute()).toContainEqual({ code: 'quorum_lost' })
  expect(await replacements(gantry)).toEqual([])
  expect(life.remote.starts.filter(({ stepKey }) => stepKey === 'script/found')).toHaveLength(1)
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
})

test('a host that dies takes what is on it: a minority is replaced one at a time, a majority is a lost quorum, decided once', async () => {
  for (const host of ['host-1', 'host-2', 'host-3']) {
    await using life = openLife(template)
    const { gantry, id } = await built(life, { voters: 5, workers: 1 })
    const victims = life.world.living().filter((machine) => machine.host === host)
    const voters = victims.filter(({ key }) => key.includes('/voter-')).length
    for (const victim of victims) life.world.kill(victim, 'vanished')
    await life.clock.runUntil(gantry.care.scanNow())
    if (voters >= 3) {
      await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
      expect(await replacements(gantry)).toEqual([])
      continue
    }
    await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 6)
    expect(await replacements(gantry)).toHaveLength(victims.length)
    const moves = gantry.store.read.selectFrom('events').select(['to_state', 'data']).where('kind', '=', 'member.state')
    let leaving = 0
    for (const move of await moves.orderBy('seq').execute()) {
      if (!move.data.includes('voter-')) continue
      if (move.to_state === 'leaving') leaving += 1
      if (move.to_state === 'gone') leaving -= 1
      expect(leaving).toBeLessThanOrEqual(1)
    }
  }
})

test('two of three voters that die one after the other, in mid-replacement, are a lost quorum', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 0 })
  kill(life, 'voter-0')
  await life.clock.runUntil(gantry.care.scanNow())
  await gantry.run(async () => (await replacements(gantry)).length === 1)
  kill(life, 'voter-1')
  await life.clock.runUntil(gantry.care.scanNow())
  await life.clock.advance(10 * 60_000)
  // Whether the first had left the cluster by then or not, nobody may be removed from a minority.
  const open = gantry.store.read.selectFrom('problems').select('code').where('resolved_at', 'is', null)
  expect(await open.execute()).toContainEqual({ code: 'quorum_lost' })
  expect(await replacements(gantry)).toHaveLength(1)
  expect(await stateOf(gantry.store, id)).toBe('blocked')
})

test('voters die one after the other and are replaced one at a time', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 5, workers: 0 })
  kill(life, 'voter-1')
  kill(life, 'voter-3')
  await healed(life, gantry, id, 'voter-1')
  await healed(life, gantry, id, 'voter-3')
  const moves = await gantry.store.read
    .selectFrom('events')
    .select(['to_state', 'data'])
    .where('kind', '=', 'member.state')
    .where('to_state', 'in', ['leaving', 'gone'])
    .orderBy('seq')
    .execute()
  expect(moves.map((row) => row.to_state)).toEqual(['leaving', 'gone', 'leaving', 'gone'])
})

test('a host without room is answered by another place, and the refused incarnation leaves nothing behind', async () => {
  await using life = openLife(template, { world: { faults: { refuseCapacity: 1 } } })
  const { gantry } = await built(life, { voters: 1, workers: 1 })
  const replaced = await gantry.store.read
    .selectFrom('decisions')
    .select('reason')
    .where('kind', '=', 'replace')
    .execute()
  expect(replaced).toEqual([{ reason: 'capacity' }])
  expect(life.world.living()).toHaveLength(2)
})

test('a machine that dies each time it is made is not made for ever: a person is asked', async () => {
  await using life = openLife(template, { world: { faults: { failBoots: 1_000 } } })
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 0 })
  await life.clock.advance(40 * 60_000)
  expect(await stateOf(gantry.store, id)).toBe('blocked')
  const made = await gantry.store.read.selectFrom('members').select('incarnation').execute()
  expect(made.length).toBeLessThanOrEqual(7)
  life.world.faults.failBoots = 0
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(life.world.living()).toHaveLength(1)
})

test('a create whose answer was lost makes one machine', async () => {
  await using life = openLife(template, { world: { faults: { loseCreateReplies: 2 } } })
  await built(life, { voters: 1, workers: 1 })
  expect(life.world.living()).toHaveLength(2)
})

test('a create that takes effect late is waited out before anything is called gone', async () => {
  await using life = openLife(template, { world: { faults: { lateCreates: 1, lateMs: 40_000 } } })
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 0 })
  await life.clock.advance(500)
  await gantry.remove(id)
  await life.clock.advance(30_000)
  expect(await stateOf(gantry.store, id)).toBe('deleting')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
})

test("a stranger's machine under our key blocks with resource_name_taken and stays as it is", async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 0 })
  const machine = await gantry.store.read.selectFrom('machines').selectAll().executeTakeFirstOrThrow()
  const request = {
    ...JSON.parse(machine.spec),
    owner: 'somebody-else',
    hostKey: { publicKey: machine.host_key, privateKeyPem: '' },
  }
  await life.clock.runUntil(
    memorySession(life.world).create(machine.resource_key as ResourceKey, request, new AbortController().signal),
  )
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  const { state_reason } = await gantry.store.read
    .selectFrom('platforms')
    .select('state_reason')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  expect(state_reason).toMatch(/somebody else's machine|is not ours/)
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living().map((one) => one.owner)).toEqual(['somebody-else'])
})

test('a machine that its provider calls stopped for a moment, as while it starts, is not replaced', async () => {
  await using life = openLife(template)
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { voters: 1, workers: 1 })
  await gantry.run(async () => life.world.living().length === 2)
  const worker = life.world.living().find((machine) => String(machine.key).includes('/worker-0@'))
  if (!worker) throw new Error('no worker')
  life.world.kill(worker, 'off')
  await life.clock.advance(4_000)
  life.world.powerOn(worker)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await replacements(gantry)).toEqual([])
})
