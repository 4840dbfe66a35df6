// Quota against a model that keeps nothing but who holds how much: whatever is asked in whatever order, both
// say yes and no to the same things, and the counters in the tables are the sums of what is held.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seedProject, seedTenant, testStore } from '../../test/support/store.ts'
import { newId, type ProjectId, type TicketId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import { realSeams } from '../kernel/real-seams.ts'
import type { Store } from '../store/store.ts'
import { admit, release } from './admit.ts'
import { setLimit, setShare } from './limits.ts'

const seams = realSeams()
const keys = ['vm.count', 'vm.memory'] as const
const amount = fc.integer({ min: 0, max: 6 })
const claim = fc.record({ holder: fc.nat(4), 'vm.count': amount, 'vm.memory': amount })
const command = fc.oneof(
  fc.record({
    verb: fc.constant('admit' as const),
    project: fc.nat(1),
    claims: fc.uniqueArray(claim, { minLength: 1, maxLength: 3, selector: (one) => one.holder }),
  }),
  fc.record({ verb: fc.constant('release' as const), project: fc.nat(1), holder: fc.nat(4) }),
  fc.record({
    verb: fc.constantFrom('share' as const, 'limit' as const),
    project: fc.nat(1),
    ticket: fc.nat(1),
    key: fc.constantFrom(...keys),
    amount: fc.option(fc.integer({ min: 0, max: 16 }), { freq: 6 }),
  }),
)

/** holder -> key -> where and how much. */
type Model = Map<string, Map<string, { ticket: TicketId; amount: number }>>

test('never over-committed, never negative, never refused in vain, and zero after all is given back', async () => {
  const answers = { yes: 0, no: 0 }
  await using fixture = await testStore()
  const { store } = fixture
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), async (commands) => {
      const { projects, tickets } = await world(store)
      const model: Model = new Map()
      for (const one of commands) {
        const project = projects[one.project] ?? fail()
        const name = (holder: number) => `${project}/${holder}`
        if (one.verb === 'admit') {
          const claims = one.claims.map(({ holder, ...amounts }) => ({ holder: name(holder), amounts }))
          const expected = await verdict(store, model, project, claims)
          const got = await said(store.write((tx) => admit(tx, seams, { project, platform: null, claims })))
          expect(got).toBe(expected ? 'yes' : 'quota_exceeded')
          answers[expected ? 'yes' : 'no']++
        } else if (one.verb === 'release') {
          await store.write((tx) => release(tx, name(one.holder)))
          model.delete(name(one.holder))
        } else {
          const ticket = tickets[one.ticket] ?? fail()
          const limit = { project, ticket, key: one.key, amount: one.amount }
          const set = one.verb === 'share' ? setShare : setLimit
          expect(await said(store.write((tx) => set(tx, limit)))).toMatch(
            /^(yes|conflict|quota_exceeded|invalid_parameter)$/,
          )
        }
        await sync(store, model, projects)
        await checkCounters(store, tickets)
      }
      for (const holder of [...model.keys()]) await store.write((tx) => release(tx, holder))
      const used = await store.read.selectFrom('shares').select('used').where('ticket_id', 'in', tickets).execute()
      expect(used.every((row) => row.used === 0)).toBe(true)
      await checkCounters(store, tickets)
    }),
    { numRuns: 60 },
  )
  expect(answers.yes).toBeGreaterThan(50)
  expect(answers.no).toBeGreaterThan(50)
})

/** Whether all of it fits, by the definition: a holder keeps its tickets, what is new of a key fits one ticket. */
async function verdict(
  store: Store,
  model: Model,
  project: ProjectId,
  claims: readonly { holder: string; amounts: Record<string, number> }[],
): Promise<boolean> {
  const shares = await store.read.selectFrom('shares').selectAll().where('project_id', '=', project).execute()
  const limits = await store.read.selectFrom('ticket_limits').selectAll().execute()
  return keys.every((key) => {
    const left = new Map<TicketId, number>()
    for (const share of shares.filter((one) => one.key === key)) {
      const limit = limits.find((one) => one.ticket_id === share.ticket_id && one.key === key) ?? fail()
      const free = Math.min((share.amount ?? 1e9) - share.used, (limit.amount ?? 1e9) - limit.used)
      left.set(share.ticket_id, free)
    }
    let fresh = 0
    for (const { holder, amounts } of claims) {
      const has = model.get(holder)?.get(key)
      const wants = amounts[key] ?? 0
      if (has) left.set(has.ticket, (left.get(has.ticket) ?? 0) - (wants - has.amount))
      else fresh += wants
    }
    return (
      [...left.values()].every((free) => free >= 0) && (fresh === 0 || [...left.values()].some((free) => free >= fresh))
    )
  })
}

async function sync(store: Store, model: Model, projects: readonly ProjectId[]): Promise<void> {
  model.clear()
  const rows = await store.read.selectFrom('reservations').selectAll().where('project_id', 'in', projects).execute()
  for (const row of rows) {
    const held = model.get(row.holder) ?? new Map<string, { ticket: TicketId; amount: number }>()
    for (const key of keys) {
      const has = Number(JSON.parse(row.amounts)[key] ?? 0)
      if (has > 0) held.set(key, { ticket: row.ticket_id, amount: has })
    }
    model.set(row.holder, held)
  }
}

async function checkCounters(store: Store, tickets: readonly TicketId[]): Promise<void> {
  const { read } = store
  const rows = await read.selectFrom('reservations').selectAll().where('ticket_id', 'in', tickets).execute()
  const sum = (ticket: TicketId, key: string, project?: ProjectId) =>
    rows
      .filter((row) => row.ticket_id === ticket && (project === undefined || row.project_id === project))
      .reduce((total, row) => total + Number(JSON.parse(row.amounts)[key] ?? 0), 0)
  const shares = await read.selectFrom('shares').selectAll().where('ticket_id', 'in', tickets).execute()
  for (const share of shares) {
    expect(share.used).toBe(sum(share.ticket_id, share.key, share.project_id))
    expect(share.used).toBeLessThanOrEqual(share.amount ?? Number.POSITIVE_INFINITY)
  }
  for (const limit of await read.selectFrom('ticket_limits').selectAll().where('ticket_id', 'in', tickets).execute()) {
    expect(limit.used).toBe(sum(limit.ticket_id, limit.key))
    expect(limit.used).toBeLessThanOrEqual(limit.amount ?? Number.POSITIVE_INFINITY)
    const shared = shares.filter((one) => one.ticket_id === limit.ticket_id && one.key === limit.key)
    const total = shared.reduce((all, one) => all + (one.amount ?? Number.POSITIVE_INFINITY), 0)
    if (limit.amount !== null) expect(total).toBeLessThanOrEqual(limit.amount)
  }
}

async function world(store: Store) {
  return store.write(async (tx) => {
    const tenant = await seedTenant(tx, seams, newId('request', seams))
    const projects = [await seedProject(tx, seams, tenant, 'a'), await seedProject(tx, seams, tenant, 'b')]
    const tickets: TicketId[] = []
    for (const name of ['gold', 'silver']) {
      const id = newId('ticket', seams)
      const row = { name, labels: '{}', version: 1, created_at: 0, deleted_at: null }
      await tx
        .insertInto('tickets')
        .values({ id, tenant_id: tenant, ...row })
        .execute()
      tickets.push(id)
      for (const key of keys) {
        await setLimit(tx, { ticket: id, key, amount: 12 })
        for (const project of projects) await setShare(tx, { project, ticket: id, key, amount: 6 })
      }
    }
    return { projects, tickets }
  })
}

async function said(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'yes'
  } catch (error) {
    if (error instanceof ProblemError) return error.code
    throw error
  }
}

function fail(): never {
  throw new Error('the test asked for something that is not there')
}
