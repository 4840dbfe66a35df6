// What scans may be shown by a provider that lags, flaps, hangs or refuses, and what they must not make of it.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { startCare } from '../../src/care/index.ts'
import { newId, type PlatformId, type ProviderId } from '../../src/kernel/ids.ts'
import type { ResourceKey, Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { expectBuilt, expectDeleted } from '../crash/invariants.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { memorySession } from '../support/memory-world.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

async function built(life: MemoryLife, count = 2): Promise<{ gantry: Process; id: PlatformId }> {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { count })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

/** Care of the test's own beside the process's, over sessions that show what the test wants. */
function careOver(life: MemoryLife, gantry: Process, sessions: (provider: ProviderId) => Session, everyMs = 3_600_000) {
  const told: string[] = []
  const care = startCare({
    store: gantry.store,
    seams: life.clock.seams,
    wake: (id) => gantry.engine.wake(id),
    sessions: { get: async (provider) => sessions(provider) },
    scanEveryMs: everyMs,
    log: (message, facts) => told.push(`${message} ${String(facts.key ?? '')}`),
  })
  return { care, told }
}

async function replaced(gantry: Process): Promise<string[]> {
  const decisions = gantry.store.read.selectFrom('decisions').select('subject').where('kind', '=', 'replace')
  return (await decisions.execute()).map((row) => row.subject)
}

async function kinds(gantry: Process, pattern: string): Promise<string[]> {
  const rows = gantry.store.read.selectFrom('events').select('kind').where('kind', 'like', pattern).orderBy('seq')
  return (await rows.execute()).map((row) => row.kind)
}

function first(life: MemoryLife) {
  const [machine] = life.world.living()
  const [host] = life.world.hosts
  if (!machine || !host) throw new Error('an empty world')
  return { machine, host }
}

test('a list that was made before a machine was deleted does not open its receipt again', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const { pages: _, ...real } = memorySession(life.world)
  const listed = Promise.withResolvers<void>()
  const session: Session = {
    ...real,
    async *list(owner, signal) {
      const old = await Array.fromAsync(real.list(owner, signal))
      await listed.promise
      yield* old
    },
  }
  const { care } = careOver(life, gantry, () => session)
  const scanning = care.scanNow()
  await life.clock.settle()
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  listed.resolve()
  await life.wait(scanning)
  await care[Symbol.asyncDispose]()
  expect(await kinds(gantry, 'receipt.reopened')).toEqual([])
  expect(await kinds(gantry, 'tombstone.%')).toEqual([])
  await expectDeleted(life, gantry.store, id)
})

test('what appears under a tombstone opens its receipt, is destroyed, and the receipt is closed by a new look; each told once', async () => {
  await using life = openLife(template, { world: { destroyMs: 45_000 } })
  const { gantry, id } = await built(life, 1)
  const { machine, host } = first(life)
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  await life.wait(life.world.add(machine.key, machine.request, host))
  await life.clock.advance(30_000)
  const open = await gantry.store.read.selectFrom('receipt_objects').select(['reopened_at', 'observed_at']).execute()
  expect(open[0]?.reopened_at).not.toBeNull()
  await life.clock.advance(120_000)
  const closed = await gantry.store.read.selectFrom('receipt_objects').select(['reopened_at', 'observed_at']).execute()
  expect(closed[0]?.reopened_at).toBeNull()
  expect(closed[0]?.observed_at).toBeGreaterThan(open[0]?.reopened_at ?? Number.POSITIVE_INFINITY)
  expect(await kinds(gantry, 'receipt.%')).toEqual(['receipt.reopened', 'receipt.completed'])
  expect(await kinds(gantry, 'tombstone.%')).toEqual(['tombstone.destroyed'])
  await expectDeleted(life, gantry.store, id)
})

test('in report-only mode what appears under a tombstone is told once and stays, and nobody is repaired', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, 2)
  const { machine, host } = first(life)
  await gantry.remove(id)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  const other = await gantry.ask('team-b', { count: 1 })
  await gantry.run(async (store) => (await stateOf(store, other)) === 'ready')
  await gantry.store.write(async (tx) => {
    await tx.updateTable('installation').set({ report_only: 1 }).execute()
  })
  for (const victim of life.world.living()) life.world.kill(victim, 'vanished')
  await life.wait(life.world.add(machine.key, machine.request, host))
  await life.clock.advance(30 * 60_000)
  expect(life.world.living().map(({ key }) => key)).toEqual([machine.key])
  expect(await kinds(gantry, 'receipt.%')).toEqual(['receipt.reopened'])
  expect(await replaced(gantry)).toEqual([])
  const named = await gantry.store.read.selectFrom('problems').select('code').where('resolved_at', 'is', null).execute()
  expect(named).toEqual([{ code: 'machine_dead' }])
  await gantry.store.write(async (tx) => {
    await tx.updateTable('installation').set({ report_only: 0 }).execute()
  })
  await gantry.run(async () => (await replaced(gantry)).length > 0)
  await gantry.run(async (store) => (await stateOf(store, other)) === 'ready')
  await life.clock.advance(60_000)
  expect(life.world.living()).toHaveLength(1)
})

test('an object that cannot be removed is told of; it keeps neither the others nor the provider from anything', async () => {
  await using life = openLife(template)
  const { gantry } = await built(life)
  const { machine, host } = first(life)
  const stuck = `${machine.key}-stuck` as ResourceKey
  const free = `${machine.key}-tree` as ResourceKey
  for (const key of [stuck, free]) await life.wait(life.world.add(key, machine.request, host))
  await gantry.care[Symbol.asyncDispose]()
  const real = memorySession(life.world)
  const session: Session = {
    ...real,
    destroy: async (owner, key, signal) => {
      if (key === stuck) throw new ProviderFault({ kind: 'denied', outcome: 'none' }, 'it is protected')
      return real.destroy(owner, key, signal)
    },
  }
  const { care, told } = careOver(life, gantry, () => session, 30_000)
  await life.clock.advance(15 * 60_000)
  await life.wait(Promise.resolve(care[Symbol.asyncDispose]()))
  const left = life.world.living().map(({ key }) => key)
  expect(left).toContain(stuck)
  expect(left).not.toContain(free)
  expect(told).toContain(`an object could not be dealt with ${stuck}`)
  expect(await kinds(gantry, 'orphan.%')).toEqual(['orphan.found', 'orphan.found', 'orphan.destroyed'])
  expect(await kinds(gantry, 'provider.state')).toEqual([])
})

test('a provider that hangs delays nobody: machines of another one are still missed and made anew', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  await gantry.care[Symbol.asyncDispose]()
  const silent = newId('provider', life.clock.seams)
  await gantry.store.write(async (tx) => {
    const row = await tx.selectFrom('providers').selectAll().executeTakeFirstOrThrow()
    await tx
      .insertInto('providers')
      .values({ ...row, id: silent, name: 'silent', images: '{}' })
      .execute()
  })
  const real = memorySession(life.world)
  const mute: Session = {
    ...real,
    async *inventory(signal) {
      yield await new Promise<never>((_, reject) => {
        const late = () => reject(new ProviderFault({ kind: 'transient', outcome: 'none' }, 'silence'))
        signal.addEventListener('abort', late, { once: true })
      })
    },
  }
  const { care } = careOver(life, gantry, (provider) => (provider === silent ? mute : real), 10_000)
  await life.vanish('machine-1')
  await life.clock.advance(60_000)
  expect(await replaced(gantry)).toEqual(['machine-1@1'])
  await life.clock.advance(10 * 60_000)
  const providers = await gantry.store.read.selectFrom('providers').select(['name', 'state']).orderBy('name').execute()
  expect(providers.map(({ state }) => state).sort()).toEqual(['healthy', 'unreachable'])
  await life.wait(Promise.resolve(care[Symbol.asyncDispose]()))
  await expectBuilt(life, gantry.store, id, 2)
})

test('one call that fails does not make a provider unreachable; hosts that cannot be read do not hide dead machines', async () => {
  await using life = openLife(template)
  const { gantry } = await built(life)
  life.world.faults.throttle = 1
  await life.wait(gantry.care.scanNow())
  expect(await kinds(gantry, 'provider.state')).toEqual([])
  const real = memorySession(life.world)
  const blind: Session = {
    ...real,
    async *inventory() {
      yield* []
      throw new ProviderFault({ kind: 'transient', outcome: 'none' }, 'no hosts today')
    },
  }
  await life.vanish('machine-0')
  const { care } = careOver(life, gantry, () => blind)
  await life.wait(care.scanNow())
  const missing = gantry.store.read.selectFrom('machines').select('member').where('missing_since', 'is not', null)
  expect(await missing.execute()).toEqual([{ member: 'machine-0@1' }])
})

test('a machine that is restarted is not dead, whenever the scans fall; one that stays off is replaced, and both tell', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const { machine } = first(life)
  for (let turn = 0; turn < 12; turn++) {
    life.world.kill(machine, 'off')
    await life.clock.advance(8_000)
    life.world.powerOn(machine)
    await life.clock.advance(15_700)
  }
  expect(await replaced(gantry)).toEqual([])
  expect(await kinds(gantry, 'problem.%')).toEqual([])
  life.world.kill(machine, 'off')
  await gantry.run(async () => (await replaced(gantry)).length === 1)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const problem = await gantry.store.read.selectFrom('problems').select(['code', 'detail']).executeTakeFirstOrThrow()
  expect(problem).toMatchObject({ code: 'machine_dead', detail: expect.stringContaining('is stopped') })
  await expectBuilt(life, gantry.store, id, 2)
})

test('a look that lags declares nobody dead, though the platform is looked at for another reason meanwhile', async () => {
  await using life = openLife(template, { world: { lookup: 'eventual', settleMs: 30_000 } })
  const { gantry, id } = await built(life)
  await gantry.care[Symbol.asyncDispose]()
  const { machine } = first(life)
  const { pages: _, ...real } = memorySession(life.world)
  let hidden = true
  const flapping: Session = {
    ...real,
    list: (owner, signal) => unless(real.list(owner, signal)),
    observe: (owner, keys, signal) => unless(real.observe(owner, keys, signal)),
  }
  async function* unless(objects: ReturnType<Session['list']>) {
    for await (const object of objects) if (!hidden || object.key !== machine.key) yield object
  }
  const { care } = careOver(life, gantry, () => flapping)
  for (const _ of [1, 2, 3]) {
    hidden = true
    await life.wait(care.scanNow())
    await life.clock.advance(20_000)
    gantry.engine.wake(id)
    await life.wait(care.scanNow())
    gantry.engine.wake(id)
    await life.clock.advance(1_000)
    hidden = false
    await life.wait(care.scanNow())
    await life.clock.advance(20_000)
  }
  expect(await replaced(gantry)).toEqual([])
  const missing = gantry.store.read.selectFrom('machines').select('member').where('missing_since', 'is not', null)
  expect(await missing.execute()).toEqual([])
  await life.wait(Promise.resolve(care[Symbol.asyncDispose]()))
})

test('a machine that is lost for want of room is shown unhealthy, and ready again when its provider shows it again', async () => {
  const host = { name: 'only', zone: 'zone-a', cpu: 4, memoryBytes: 2 ** 34, diskBytes: 2 ** 40 }
  await using life = openLife(template, { world: { hosts: [host] } })
  const gantry = await life.start()
  await life.wait(gantry.care.scanNow())
  const id = await gantry.ask('team-a', { count: 2 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  const { machine } = first(life)
  const state = async () => {
    const rows = await gantry.store.read.selectFrom('machines').select(['resource_key', 'state']).execute()
    return rows.find(({ resource_key }) => resource_key === machine.key)?.state
  }
  life.world.kill(machine, 'off')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  expect(await state()).toBe('unhealthy')
  life.world.powerOn(machine)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await state()).toBe('ready')
  expect(await replaced(gantry)).toEqual([])
  expect(await kinds(gantry, 'problem.%')).toEqual([
    ...['problem.opened', 'problem.opened'],
    ...['problem.resolved', 'problem.resolved'],
  ])
  await expectBuilt(life, gantry.store, id, 2)
})

test('two machines of one key are one too many: both go, and one successor comes', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const { machine, host } = first(life)
  await life.wait(life.world.add(machine.key, machine.request, host))
  await gantry.run(async () => (await replaced(gantry)).length === 1)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 2)
  await expectBuilt(life, gantry.store, id, 2)
  const problem = await gantry.store.read.selectFrom('problems').select('detail').executeTakeFirstOrThrow()
  expect(problem.detail).toContain('two machines of its key')
})

test('another machine of its key is not the member, though it is the only one there: no step has run on it', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const { machine, host } = first(life)
  const twin = await life.wait(life.world.add(machine.key, machine.request, host))
  life.world.kill(machine, 'vanished')
  await gantry.run(async () => (await replaced(gantry)).length === 1)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && life.world.living().length === 2)
  expect(life.world.living().map(({ ref }) => ref)).not.toContain(twin.ref)
  await expectBuilt(life, gantry.store, id, 2)
  const problem = await gantry.store.read.selectFrom('problems').select('detail').executeTakeFirstOrThrow()
  expect(problem.detail).toContain(`another machine of its key: ${twin.ref}`)
})

test('destroys whose answers are lost, and a provider that comes and goes, end in a true receipt', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, 4)
  life.world.faults.loseDestroyReplies = 6
  await gantry.remove(id)
  for (let turn = 0; turn < 6; turn++) {
    life.world.faults.unreachable = turn % 2 === 0
    await life.clock.advance(1_700)
  }
  life.world.faults.unreachable = false
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  await expectDeleted(life, gantry.store, id)
})

test('scans among creates that take their time find neither orphans nor dead machines', async () => {
  await using life = openLife(template, { world: { latencyMs: 700, bootMs: 9_000 } })
  const { gantry, id } = await built(life, 8)
  await life.clock.advance(60_000)
  expect(await kinds(gantry, 'orphan.%')).toEqual([])
  expect(await kinds(gantry, 'tombstone.%')).toEqual([])
  expect(await replaced(gantry)).toEqual([])
  await expectBuilt(life, gantry.store, id, 8)
})

test('a successor whose image nobody maps any more is a problem of its own, and is made when it is mapped again', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life)
  const { images } = await gantry.store.read.selectFrom('providers').select('images').executeTakeFirstOrThrow()
  const map = (text: string) =>
    gantry.store.write(async (tx) => {
      await tx.updateTable('providers').set({ images: text }).execute()
    })
  await map('{}')
  await life.vanish('machine-0')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  const open = gantry.store.read.selectFrom('problems').select('code').where('resolved_at', 'is', null).orderBy('code')
  expect((await open.execute()).map(({ code }) => code)).toEqual(['invalid_parameter', 'machine_dead'])
  await map(images)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await open.execute()).toEqual([])
  await expectBuilt(life, gantry.store, id, 2)
})
