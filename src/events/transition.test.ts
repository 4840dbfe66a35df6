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
import { newId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { listEvents } from './list.ts'
import { moveMachine, moveMember, movePlatform, moveTask } from './transition.ts'

const seams = realSeams()
const because = { actor: 'engine', cause: 'test' }

test('a move writes the state, its time and one event that says from, to, who and why', async () => {
  await using fixture = await testStore()
  const { platform, tenant, project } = await seeded(fixture)
  const { store } = fixture
  const move = { platform, to: 'building', reason: 'machines', ...because } as const
  expect(await store.write((tx) => movePlatform(tx, seams, move))).toEqual({
    from: 'pending',
    to: 'building',
    changed: true,
  })
  const row = await store.read.selectFrom('platforms').selectAll().where('id', '=', platform).executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state: 'building', state_reason: 'machines', version: 2, ready_at: null })
  const events = await listEvents(store.read, { platform })
  expect(events).toHaveLength(1)
  expect(events[0]).toMatchObject({
    kind: 'platform.state',
    from: 'pending',
    to: 'building',
    ...because,
    tenant,
    project,
    subject: { kind: 'platform', id: platform },
  })
})

test('a move to the state that is there tells nothing, but keeps a new reason', async () => {
  await using fixture = await testStore()
  const { platform } = await seeded(fixture)
  const { store } = fixture
  const again = { platform, to: 'pending', reason: 'queued', ...because } as const
  expect(await store.write((tx) => movePlatform(tx, seams, again))).toMatchObject({ changed: false })
  const row = await store.read.selectFrom('platforms').selectAll().where('id', '=', platform).executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state_reason: 'queued', version: 2 })
  expect(await listEvents(store.read, { platform })).toEqual([])
})

test('an illegal move throws and changes nothing', async () => {
  await using fixture = await testStore()
  const { platform, machine, member, task } = await seeded(fixture)
  const { store } = fixture
  const moves = [
    store.write((tx) => movePlatform(tx, seams, { platform, to: 'deleted', ...because })),
    store.write((tx) => moveMachine(tx, seams, { machine, to: 'ready', ...because })),
    store.write((tx) => moveMember(tx, seams, { member, to: 'gone', ...because })),
    store.write(async (tx) => {
      await moveTask(tx, seams, { task, to: 'done', ...because })
      await moveTask(tx, seams, { task, to: 'running', ...because })
    }),
  ]
  for (const move of moves) await expect(move).rejects.toThrow('illegal transition')
  expect(await listEvents(store.read, { platform })).toEqual([])
  const unknown = store.write((tx) => moveTask(tx, seams, { task: newId('task', seams), to: 'done', ...because }))
  await expect(unknown).rejects.toMatchObject({ code: 'not_found' })
})

test('times of first ready, deletion, leaving and ending are kept with the move', async () => {
  await using fixture = await testStore()
  const { platform, machine, member, task } = await seeded(fixture)
  const { store } = fixture
  await store.write(async (tx) => {
    for (const to of ['building', 'ready', 'degraded', 'ready', 'deleting', 'deleted'] as const) {
      await movePlatform(tx, seams, { platform, to, ...because })
    }
    await moveMachine(tx, seams, { machine, to: 'deleted', ...because })
    await moveMember(tx, seams, { member, to: 'leaving', actor: 'care', cause: 'dead' })
    await moveTask(tx, seams, { task, to: 'running', ...because })
    const problem = { code: 'no_capacity', detail: 'full' } as const
    await moveTask(tx, seams, { task, to: 'blocked', problem, ...because })
    await moveTask(tx, seams, { task, to: 'cancelled', ...because })
  })
  const { read } = store
  const platforms = await read.selectFrom('platforms').selectAll().executeTakeFirstOrThrow()
  expect(platforms.ready_at).toBeGreaterThan(0)
  expect(platforms.deleted_at).toBeGreaterThan(0)
  expect((await read.selectFrom('machines').selectAll().executeTakeFirstOrThrow()).gone_at).toBeGreaterThan(0)
  expect(await read.selectFrom('members').selectAll().executeTakeFirst()).toMatchObject({
    state: 'leaving',
    cause: 'dead',
  })
  const ended = await read.selectFrom('tasks').selectAll().executeTakeFirstOrThrow()
  expect(ended).toMatchObject({ state: 'cancelled', problem: null })
  expect(ended.started_at).toBeGreaterThan(0)
  expect(ended.ended_at).toBeGreaterThan(0)
  const history = await listEvents(read, { machine, kinds: ['machine.state', 'member.state'] })
  expect(history.map((event) => [event.kind, event.to, event.data.member])).toEqual([
    ['machine.state', 'deleted', 'worker-0@1'],
    ['member.state', 'leaving', 'worker-0@1'],
  ])
})

async function seeded(fixture: TestStore) {
  return fixture.store.write(async (tx) => {
    const tenant = await seedTenant(tx, seams)
    const project = await seedProject(tx, seams, tenant)
    const platform = await seedPlatform(tx, seams, { tenant, project })
    const provider = await seedProvider(tx, seams)
    const member = newId('member', seams)
    const machine = newId('machine', seams)
    const task = newId('task', seams)
    await tx
      .insertInto('members')
      .values({
        id: member,
        platform_id: platform,
        group_name: 'worker',
        ordinal: 0,
        incarnation: 1,
        state: 'joining',
        state_since: 0,
        cause: null,
        revision: 1,
        warm_until: null,
        machine_id: machine,
        created_at: 0,
      })
      .execute()
    await seedMachine(tx, { id: machine, tenant, project, platform, member, provider })
    await tx
      .insertInto('tasks')
      .values({
        id: task,
        kind: 'platform.create',
        tenant_id: tenant,
        project_id: project,
        platform_id: platform,
        generation: 1,
        operation: null,
        state: 'queued',
        reason: null,
        problem: null,
        superseded_by: null,
        actor: 'tok_1',
        created_at: 0,
        started_at: null,
        ended_at: null,
      })
      .execute()
    return { tenant, project, platform, member, machine, task }
  })
}
