import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  seedMachine,
  seedPlatform,
  seedProject,
  seedProvider,
  seedTenant,
  type TestStore,
  testStore,
} from '../../test/support/store.ts'
import { type MachineId, newId, type ProviderId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { moveCapacity, releaseCapacity, reserveCapacity } from './capacity.ts'
import { loadHosts } from './hosts.ts'
import { type InventoryReport, ourUseOf, saveInventory } from './inventory.ts'

const seams = realSeams()
const gib = 2 ** 30
const size = (cpu: number) => ({ cpu, memoryBytes: cpu * gib, diskBytes: cpu * 10 * gib })

function report(name: string, cpu: number, extra: Partial<InventoryReport> = {}): InventoryReport {
  return { name, zone: 'zone-a', capacity: size(cpu), used: null, state: 'ready', ...extra }
}

test('free is declared times overcommit, less our reservations, less what others use', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { provider, machine } = await seeded(fixture)
  await store.write(async (tx) => {
    await tx.updateTable('providers').set({ overcommit: '{"cpu":2}' }).execute()
    await saveInventory(tx, seams, provider, [report('host-1', 4, { used: size(1) })], new Map())
    await reserveCapacity(tx, await machine(tx, 'host-1'))
  })
  expect(await loadHosts(store.read, [provider])).toEqual([
    {
      provider,
      zone: 'zone-a',
      name: 'host-1',
      state: 'ready',
      capacity: {
        total: { cpu: 8, memoryBytes: 4 * gib, diskBytes: 40 * gib },
        free: { cpu: 6, memoryBytes: 2 * gib, diskBytes: 20 * gib },
      },
    },
  ])
})

test('an inventory tells new, changed and gone hosts, and counts only what others use', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { provider, machine } = await seeded(fixture)
  const save = (...reports: InventoryReport[]) =>
    store.write(async (tx) => saveInventory(tx, seams, provider, reports, await ourUseOf(tx, provider)))
  expect(await save(report('host-1', 4), report('host-2', 4))).toEqual([
    { host: 'host-1', from: null, to: 'ready' },
    { host: 'host-2', from: null, to: 'ready' },
  ])
  await store.write(async (tx) => {
    const id = await machine(tx, 'host-1')
    await reserveCapacity(tx, id)
    await tx.updateTable('machines').set({ state: 'ready' }).where('id', '=', id).execute()
  })
  expect(await save(report('host-1', 4, { used: size(3), state: 'maintenance' }))).toEqual([
    { host: 'host-1', from: 'ready', to: 'maintenance' },
    { host: 'host-2', from: 'ready', to: 'gone' },
  ])
  const hosts = await loadHosts(store.read)
  expect(hosts.map((host) => [host.name, host.state, host.capacity?.free.cpu])).toEqual([['host-1', 'maintenance', 1]])
  expect(await save(report('host-1', 4, { used: size(3), state: 'maintenance' }))).toEqual([])
})

test('hosts of a provider that does not answer say so, and zones without hosts have no capacity', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { provider } = await seeded(fixture)
  await store.write(async (tx) => {
    await saveInventory(tx, seams, provider, [report('zone-a', 0, { capacity: null })], new Map())
    await tx.updateTable('providers').set({ state: 'unreachable' }).execute()
  })
  expect(await loadHosts(store.read)).toMatchObject([{ state: 'providerUnreachable', capacity: null }])
  expect(await loadHosts(store.read, [newId('provider', seams)])).toEqual([])
})

test('a host that was filled meanwhile refuses, and nothing of that transaction stays', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { provider, machine } = await seeded(fixture)
  await store.write((tx) => saveInventory(tx, seams, provider, [report('host-1', 2)], new Map()))
  const three = store.write(async (tx) => {
    for (let index = 0; index < 3; index++) await reserveCapacity(tx, await machine(tx, 'host-1'))
  })
  await expect(three).rejects.toMatchObject({ code: 'no_capacity', facts: { host: 'host-1' } })
  expect((await loadHosts(store.read))[0]?.capacity?.free).toEqual(size(2))
})

test('whatever is held, moved and given back, in any order, the counters are the sum over held machines', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { provider, machine } = await seeded(fixture)
  await store.write((tx) =>
    saveInventory(tx, seams, provider, [report('host-0', 3), report('host-1', 3), report('host-2', 3)], new Map()),
  )
  const ids = await store.write(async (tx) => {
    const made: MachineId[] = []
    for (let index = 0; index < 6; index++) made.push(await machine(tx, `host-${index % 3}`))
    return made
  })
  const step = fc.record({ verb: fc.constantFrom('reserve', 'release', 'move'), machine: fc.nat(5), host: fc.nat(4) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      for (const { verb, machine: number, host } of steps) {
        const id = ids[number] ?? ('' as MachineId)
        await store
          .write(async (tx) => {
            if (verb === 'reserve') await reserveCapacity(tx, id)
            else if (verb === 'release') await releaseCapacity(tx, id)
            else await moveCapacity(tx, id, { zone: 'zone-a', host: host === 4 ? null : `host-${host}` })
          })
          .catch((error: unknown) => expect(error).toMatchObject({ code: 'no_capacity' }))
      }
      expect(await drift(fixture)).toEqual([])
    }),
    { numRuns: 60 },
  )
  await store.write(async (tx) => {
    for (const id of ids) await releaseCapacity(tx, id)
  })
  const rows = await store.read.selectFrom('hosts').select(['reserved_cpu', 'reserved_memory_bytes']).execute()
  expect(new Set(rows.flatMap((row) => [row.reserved_cpu, row.reserved_memory_bytes]))).toEqual(new Set([0]))
})

async function drift({ store }: TestStore): Promise<string[]> {
  const machines = await store.read.selectFrom('machines').selectAll().where('capacity_held', '=', 1).execute()
  const hosts = await store.read.selectFrom('hosts').selectAll().execute()
  return hosts.flatMap((host) => {
    const held = machines.filter((machine) => machine.host === host.name)
    const cpu = held.reduce((sum, machine) => sum + machine.cpu, 0)
    const memory = held.reduce((sum, machine) => sum + machine.memory_bytes, 0)
    const disk = held.reduce((sum, machine) => sum + machine.disk_bytes, 0)
    const same = cpu === host.reserved_cpu && memory === host.reserved_memory_bytes && disk === host.reserved_disk_bytes
    return same ? [] : [host.name]
  })
}

async function seeded(fixture: TestStore) {
  const owner = await fixture.store.write(async (tx) => {
    const tenant = await seedTenant(tx, seams)
    const project = await seedProject(tx, seams, tenant)
    const provider: ProviderId = await seedProvider(tx, seams)
    return { tenant, project, provider, platform: await seedPlatform(tx, seams, { tenant, project }) }
  })
  const machine = async (tx: Parameters<typeof seedMachine>[0], host: string): Promise<MachineId> => {
    const id = newId('machine', seams)
    await seedMachine(tx, { id, member: newId('member', seams), host, ...owner })
    return id
  }
  return { ...owner, machine }
}
