import { expect, test } from 'vitest'
import {
  seedMachine,
  seedPlatform,
  seedProject,
  seedProvider,
  seedTenant,
  testStore,
} from '../../../test/support/store.ts'
import { keptDurations, recordDuration } from '../../events/durations.ts'
import { newId } from '../../kernel/ids.ts'
import type { Kinds } from '../../provider/registry.ts'
import type { Store, TaskTable } from '../../store/index.ts'
import { likelyEnd, quantiles, usualOf, usualTime } from './history.ts'

const rooms = {
  kinds: {
    names: ['iron', 'play'],
    get: async (kind: string) => ({ simulated: kind === 'play' }),
  } as unknown as Kinds,
}

async function remembered(store: Store, kind: string, seconds: readonly number[], from = 0) {
  await store.write(async (tx) => {
    for (const [index, took] of seconds.entries()) {
      const ended_at = from + index
      const row = { blueprint: 'swarm', blueprint_version: '1.0.0', kind: 'platform.create', machines: 3, ended_at }
      const task_id = `task_${kind}${String(from + index).padStart(6, '0')}` as TaskTable['id']
      const provider_kinds = JSON.stringify([kind])
      await tx
        .insertInto('durations')
        .values({ ...row, task_id, provider_kinds, seconds: took })
        .execute()
    }
  })
}

test('a quantile is a time that was taken', () => {
  expect(quantiles([])).toBeNull()
  expect(quantiles([7])).toEqual({ p50: 7, p90: 7, samples: 1 })
  expect(quantiles([10, 1, 9, 2, 8, 3, 7, 4, 6, 5])).toEqual({ p50: 5, p90: 9, samples: 10 })
})

test('simulated machines and real ones tell nothing of each other', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  await remembered(store, 'play', [1, 2, 3])
  const like = { blueprint: 'swarm', kind: 'platform.create' }
  expect(await usualTime(rooms, store.read, { ...like, providerKinds: ['iron'] })).toBeNull()
  await remembered(store, 'iron', [100])
  expect(await usualTime(rooms, store.read, { ...like, providerKinds: ['iron'] })).toMatchObject({
    p90: 100,
    samples: 1,
  })
  expect(await usualTime(rooms, store.read, { ...like, providerKinds: ['play'] })).toMatchObject({ p50: 2, samples: 3 })
  expect(await usualTime(rooms, store.read, { ...like, kind: 'platform.renew', providerKinds: ['play'] })).toBeNull()
})

test('the newest are kept, and a task that runs has an end in the future or none', async () => {
  await using fixture = await testStore()
  const { store, seams } = fixture
  const platform_id = await store.write(async (tx) => {
    const tenant = await seedTenant(tx, seams)
    const project = await seedProject(tx, seams, tenant)
    const provider = await seedProvider(tx, seams)
    const platform = await seedPlatform(tx, seams, { tenant, project })
    const [id, member] = [newId('machine', seams), newId('member', seams)]
    await seedMachine(tx, { id, member, tenant, project, platform, provider })
    return platform
  })
  const { name, kind } = await store.read
    .selectFrom('platforms')
    .innerJoin('blueprints', 'digest', 'blueprint_digest')
    .innerJoin('machines', 'platform_id', 'platforms.id')
    .innerJoin('providers', 'providers.id', 'provider_id')
    .select(['blueprints.name', 'providers.kind'])
    .executeTakeFirstOrThrow()
  await remembered(
    store,
    kind,
    Array.from({ length: keptDurations }, () => 60),
  )
  await store.write((tx) => tx.updateTable('durations').set({ blueprint: name }).execute())
  const task = { platform_id, kind: 'platform.create', operation: null, started_at: 10_000, created_at: 0 }
  await store.write((tx) => recordDuration(tx, { ...task, id: newId('task', seams) } as TaskTable, 70_000))
  const rows = await store.read.selectFrom('durations').selectAll().orderBy('ended_at').execute()
  expect(rows).toHaveLength(keptDurations)
  expect(rows[0]).toMatchObject({ ended_at: 1 })
  expect(rows.at(-1)).toMatchObject({ seconds: 60, machines: 1, blueprint: name, ended_at: 70_000 })

  const usual = await usualOf(rooms, store.read, task)
  expect(usual).toMatchObject({ p50: 60, p90: 60 })
  expect(await usualOf(rooms, store.read, { ...task, kind: 'platform.renew' })).toBeNull()
  const running = { ...task, state: 'running' }
  expect(likelyEnd(running, usual, 20_000)).toBe(70_000)
  expect(likelyEnd(running, usual, 70_000)).toBeNull()
  expect(likelyEnd({ ...running, state: 'queued' }, usual, 20_000)).toBeNull()
  expect(likelyEnd(running, null, 20_000)).toBeNull()
})
