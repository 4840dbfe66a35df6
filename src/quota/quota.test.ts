import { expect, test } from 'vitest'
import { seedProject, seedTenant, type TestStore, testStore } from '../../test/support/store.ts'
import { newId, type ProjectId, type TenantId, type TicketId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import type { Tx } from '../store/store.ts'
import { admit, quoteQuota, release } from './admit.ts'
import { amountText, machineAmounts } from './keys.ts'
import { removeLimit, removeShare, setLimit, setShare } from './limits.ts'
import { reservationsOfProject, usageOfProject, usageOfTicket } from './usage.ts'

const seams = realSeams()
const platform = null

async function seedTicket(tx: Tx, tenant: TenantId, name: string, created_at = 0): Promise<TicketId> {
  const id = newId('ticket', seams)
  const row = { name, labels: '{}', version: 1, created_at, deleted_at: null }
  await tx
    .insertInto('tickets')
    .values({ id, tenant_id: tenant, ...row })
    .execute()
  return id
}

/** A project with a share of everything in ticket gold: 12 machines, unlimited platforms. */
async function seeded(fixture: TestStore) {
  return fixture.store.write(async (tx) => {
    const tenant = await seedTenant(tx, seams)
    const project = await seedProject(tx, seams, tenant)
    const gold = await seedTicket(tx, tenant, 'gold')
    await grant(tx, project, gold, 'vm.count', 12)
    await grant(tx, project, gold, 'platform.count', null)
    return { tenant, project, gold }
  })
}

async function grant(tx: Tx, project: ProjectId, ticket: TicketId, key: string, amount: number | null): Promise<void> {
  await setLimit(tx, { ticket, key, amount })
  await setShare(tx, { project, ticket, key, amount })
}

const machines = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ holder: `plt_1/worker-${index}`, amounts: { 'vm.count': 1 } }))

test('a full ticket refuses with quota_exceeded, names key, wanted, left and ticket, and writes nothing', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { project, gold } = await seeded(fixture)
  const refused = store.write((tx) => admit(tx, seams, { project, platform, claims: machines(43) }))
  await expect(refused).rejects.toMatchObject({
    code: 'quota_exceeded',
    detail: 'vm.count: 43 wanted, 12 left in ticket gold.',
    facts: { key: 'vm.count', wanted: 43, left: 12, ticket: gold, ticketName: 'gold' },
    next: expect.stringContaining('tenant-admin'),
  })
  expect(await reservationsOfProject(store.read, project)).toEqual([])
  await store.write((tx) => admit(tx, seams, { project, platform, claims: machines(12) }))
  expect(await usageOfProject(store.read, project)).toEqual([
    { key: 'platform.count', ticket: gold, ticketName: 'gold', amount: null, used: 0, left: null },
    { key: 'vm.count', ticket: gold, ticketName: 'gold', amount: 12, used: 12, left: 0 },
  ])
})

test('one key too little refuses all keys, and a key nobody granted grants nothing', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { project } = await seeded(fixture)
  const claims = [{ holder: 'a', amounts: { 'vm.count': 1, 'platform.count': 1, gpu: 2 } }]
  await expect(store.write((tx) => admit(tx, seams, { project, platform, claims }))).rejects.toMatchObject({
    detail: 'gpu: 2 wanted, but no ticket of this project grants gpu.',
    facts: { key: 'gpu', wanted: 2, left: 0, ticket: null },
  })
  expect((await usageOfProject(store.read, project)).map((line) => line.used)).toEqual([0, 0])
})

test('giving back happens once, and gives back what was held', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { project, gold } = await seeded(fixture)
  const claims = [{ holder: 'a', amounts: { 'vm.count': 3, 'platform.count': 1 } }]
  await store.write((tx) => admit(tx, seams, { project, platform, claims }))
  expect(await store.write((tx) => release(tx, 'a'))).toEqual({ 'vm.count': 3, 'platform.count': 1 })
  expect(await store.write((tx) => release(tx, 'a'))).toEqual({})
  expect((await usageOfTicket(store.read, gold)).map((line) => line.used)).toEqual([0, 0])
})

test('a holder that asks again holds what it asked for last, and counts only the difference', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { project, gold } = await seeded(fixture)
  const ask = (amounts: Record<string, number>, more: { holder: string; amounts: Record<string, number> }[] = []) =>
    store.write((tx) => admit(tx, seams, { project, platform, claims: [{ holder: 'a', amounts }, ...more] }))
  await ask({ 'vm.count': 10 })
  await ask({ 'vm.count': 10 })
  await ask({ 'vm.count': 12 })
  await expect(ask({ 'vm.count': 13 })).rejects.toMatchObject({ facts: { wanted: 1, left: 0 } })
  await ask({ 'vm.count': 2 }, [{ holder: 'b', amounts: { 'vm.count': 10 } }])
  await ask({})
  expect(await usageOfTicket(store.read, gold)).toMatchObject([{ used: 0 }, { key: 'vm.count', used: 10 }])
  expect(await reservationsOfProject(store.read, project)).toMatchObject([{ holder: 'b', ticket: gold }])
})

test('a project draws from the oldest ticket that has enough of the key', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { tenant, project, gold } = await seeded(fixture)
  const extra = await store.write(async (tx) => {
    const id = await seedTicket(tx, tenant, 'extra', 1)
    await grant(tx, project, id, 'vm.count', 20)
    return id
  })
  const ask = (holder: string, amount: number) =>
    store.write((tx) => admit(tx, seams, { project, platform, claims: [{ holder, amounts: { 'vm.count': amount } }] }))
  await ask('a', 10)
  await ask('b', 5)
  const held = await reservationsOfProject(store.read, project)
  expect(held.map(({ holder, ticket }) => [holder, ticket])).toEqual([
    ['a', gold],
    ['b', extra],
  ])
  await expect(ask('c', 16)).rejects.toMatchObject({ facts: { wanted: 16, left: 15, ticketName: 'extra' } })
})

test('a quote says what would be drawn and left, writes nothing, and refuses as admission does', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { project, gold } = await seeded(fixture)
  const claims = [...machines(5), { holder: 'plt_1', amounts: { 'platform.count': 1 } }]
  expect(await quoteQuota(store.read, { project, platform, claims })).toEqual([
    { key: 'platform.count', wanted: 1, left: null, ticket: gold, ticketName: 'gold' },
    { key: 'vm.count', wanted: 5, left: 12, ticket: gold, ticketName: 'gold' },
  ])
  expect((await usageOfProject(store.read, project)).map((line) => line.used)).toEqual([0, 0])
  const tooMany = quoteQuota(store.read, { project, platform, claims: machines(13) })
  await expect(tooMany).rejects.toMatchObject({ code: 'quota_exceeded' })
})

test('shares never add up to more than their ticket, nor fall below what is used', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { tenant, project, gold } = await seeded(fixture)
  const other = await store.write((tx) => seedProject(tx, seams, tenant, 'other'))
  const key = 'vm.count'
  const share = (amount: number | null, of = project) =>
    store.write((tx) => setShare(tx, { project: of, ticket: gold, key, amount }))
  const limit = (amount: number | null) => store.write((tx) => setLimit(tx, { ticket: gold, key, amount }))
  await expect(share(1, other)).rejects.toMatchObject({ code: 'quota_exceeded', facts: { wanted: 1, left: 0 } })
  await expect(share(13)).rejects.toMatchObject({ code: 'quota_exceeded', facts: { left: 12 } })
  await expect(share(null)).rejects.toMatchObject({ code: 'invalid_parameter' })
  await share(8)
  await share(4, other)
  await expect(limit(11)).rejects.toMatchObject({ code: 'conflict', facts: { shared: 12 } })
  await store.write((tx) => admit(tx, seams, { project, platform, claims: machines(5) }))
  await expect(share(4)).rejects.toMatchObject({ code: 'conflict', facts: { used: 5 } })
  await share(5)
  await limit(9)
  await limit(null)
  await share(null)
  await expect(limit(100)).rejects.toMatchObject({ code: 'conflict' })
})

test("shares and limits in use stay; strangers' tickets, unknown keys and odd amounts are refused", async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const { project, gold } = await seeded(fixture)
  const share = { project, ticket: gold, key: 'vm.count' }
  await store.write((tx) => admit(tx, seams, { project, platform, claims: machines(1) }))
  await expect(store.write((tx) => removeShare(tx, share))).rejects.toMatchObject({ code: 'in_use' })
  await expect(store.write((tx) => removeLimit(tx, share))).rejects.toMatchObject({ code: 'in_use' })
  await store.write((tx) => release(tx, 'plt_1/worker-0'))
  await store.write(async (tx) => {
    await removeShare(tx, share)
    await removeShare(tx, share)
    await removeLimit(tx, share)
  })
  expect((await usageOfTicket(store.read, gold)).map((line) => line.key)).toEqual(['platform.count'])
  const foreign = await store.write(async (tx) => seedTicket(tx, await seedTenant(tx, seams, 'tenant-b'), 'theirs'))
  await store.write((tx) => setLimit(tx, { ticket: foreign, key: 'vm.count', amount: 1 }))
  for (const [wrong, code] of [
    [{ ...share, ticket: foreign, amount: 1 }, 'not_found'],
    [{ ...share, amount: 1 }, 'invalid_parameter'],
    [{ ...share, key: 'VM count', amount: 1 }, 'invalid_parameter'],
    [{ ...share, key: 'platform.count', amount: 0.5 }, 'invalid_parameter'],
  ] as const) {
    await expect(store.write((tx) => setShare(tx, wrong))).rejects.toMatchObject({ code })
  }
})

test('amounts read as people say them', () => {
  expect(machineAmounts({ cpu: 2, memoryBytes: 3, diskBytes: 4 })).toEqual({
    'vm.count': 1,
    'vm.cpu': 2,
    'vm.memory': 3,
    'disk.capacity': 4,
  })
  expect(amountText('vm.memory', 20 * 2 ** 30)).toBe('20 GiB')
  expect(amountText('disk.capacity', 1.5 * 2 ** 30)).toBe('1.5 GiB')
  expect(amountText('vm.memory', 512 * 2 ** 20)).toBe('512 MiB')
  expect(amountText('vm.count', 12)).toBe('12')
})
