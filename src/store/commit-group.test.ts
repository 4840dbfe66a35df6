import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { seedTenant, testStore } from '../../test/support/store.ts'
import { newId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { openStore } from './open.ts'
import type { Db, Tx } from './store.ts'

const seams = realSeams()

async function names(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('tenants').select('name').orderBy('name').execute()
  return rows.map((row) => row.name)
}

test('callers of one turn share one COMMIT, and nobody hears of a result before it', async () => {
  const order: string[] = []
  const note = (what: string) => () => {
    order.push(what)
  }
  const hooks = { beforeCommit: note('before'), afterCommit: note('after') }
  await using fixture = await testStore(seams, { hooks, synchronous: 'FULL' })
  const work = (name: string) =>
    fixture.store.write(async (tx) => {
      order.push(`begin ${name}`)
      await seedTenant(tx, seams, name)
      order.push(`end ${name}`)
    })
  await Promise.all(['a', 'b', 'c'].map((name) => work(name).then(() => order.push(`heard ${name}`))))
  expect(order).toEqual([
    ...['a', 'b', 'c'].flatMap((name) => [`begin ${name}`, `end ${name}`]),
    'before',
    'after',
    ...['heard a', 'heard b', 'heard c'],
  ])
})

test('a reader sees nothing of a group before its COMMIT, and all of it when the callers hear', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  let seenInside: string[] = []
  const writes = ['a', 'b'].map((name) =>
    store.write(async (tx) => {
      await seedTenant(tx, seams, name)
      seenInside = await names(store.read)
    }),
  )
  await writes[0]
  expect(seenInside).toEqual([])
  expect(await names(store.read)).toEqual(['a', 'b'])
  await Promise.all(writes)
})

test('a closure that throws loses its own writes only, and its caller gets that very error', async () => {
  await using fixture = await testStore()
  const boom = new Error('boom')
  const results = await Promise.allSettled([
    fixture.store.write((tx) => seedTenant(tx, seams, 'a')),
    fixture.store.write(async (tx) => {
      await seedTenant(tx, seams, 'b')
      throw boom
    }),
    fixture.store.write((tx) => seedTenant(tx, seams, 'c')),
  ])
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(results[1]).toEqual({ status: 'rejected', reason: boom })
  expect(await names(fixture.store.read)).toEqual(['a', 'c'])
})

test('a crash before COMMIT takes back the whole group and reaches every caller as it is', async () => {
  const crash = new Error('crashed before')
  let armed = true
  const beforeCommit = () => {
    if (armed) throw crash
  }
  await using fixture = await testStore(seams, { hooks: { beforeCommit } })
  const writes = ['a', 'b'].map((name) => fixture.store.write((tx) => seedTenant(tx, seams, name)))
  const reasons = await Promise.all(writes.map((write) => write.catch((error: unknown) => error)))
  expect(reasons).toEqual([crash, crash])
  expect(await names(fixture.store.read)).toEqual([])
  armed = false
  await fixture.store.write((tx) => seedTenant(tx, seams, 'c'))
  expect(await names(fixture.store.read)).toEqual(['c'])
})

test('a crash after COMMIT reaches every caller though the data stays', async () => {
  const crash = new Error('crashed after')
  const hooks = {
    afterCommit() {
      throw crash
    },
  }
  await using fixture = await testStore(seams, { hooks })
  await expect(fixture.store.write((tx) => seedTenant(tx, seams, 'a'))).rejects.toBe(crash)
  expect(await names(fixture.store.read)).toEqual(['a'])
})

test('a COMMIT that SQLite itself refuses fails every caller of its group, and the next group goes on', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const orphan = async (tx: Tx) => {
    await tx.executeQuery(raw('pragma defer_foreign_keys = on'))
    const row = { name: 'p', labels: '{}', version: 1, created_at: 0, deleted_at: null }
    const tenant = newId('tenant', seams)
    await tx
      .insertInto('projects')
      .values({ id: newId('project', seams), tenant_id: tenant, ...row })
      .execute()
  }
  const results = await Promise.allSettled([store.write((tx) => seedTenant(tx, seams, 'a')), store.write(orphan)])
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected'])
  expect(String(results[0]?.status === 'rejected' && results[0].reason)).toContain('FOREIGN KEY')
  await store.write((tx) => seedTenant(tx, seams, 'b'))
  expect(await names(store.read)).toEqual(['b'])
})

test('a database that is full refuses as unavailable, loses nothing, and goes on when there is room', async () => {
  await using fixture = await testStore(seams, { synchronous: 'FULL' })
  const { store } = fixture
  await store.write((tx) => seedTenant(tx, seams, 'before'))
  const pages = async (limit: string) =>
    store.write(async (tx) => {
      await tx.executeQuery(raw(`pragma max_page_count = ${limit}`))
    })
  await pages('1')
  const long = 'x'.repeat(3_000_000)
  const results = await Promise.allSettled([
    store.write((tx) => seedTenant(tx, seams, `long-${long}`)),
    store.write((tx) => seedTenant(tx, seams, 'small')),
  ])
  expect(results[0]).toMatchObject({
    status: 'rejected',
    reason: { code: 'unavailable', next: expect.stringContaining('space') },
  })
  await pages('1000000')
  await store.write((tx) => seedTenant(tx, seams, 'after'))
  expect(await names(store.read)).toEqual(expect.arrayContaining(['after', 'before']))
  expect(await names(store.read)).not.toContain(`long-${long}`)
})

test('a transaction kept beyond its closure, and a write inside a write, are refused', async () => {
  await using fixture = await testStore()
  const kept = await fixture.store.write((tx) => Promise.resolve({ tx }))
  await expect(seedTenant(kept.tx, seams)).rejects.toThrow('after the end')
  const nested = fixture.store.write(() => fixture.store.write((tx) => seedTenant(tx, seams)))
  await expect(nested).rejects.toThrow('inside store.write()')
})

test('listeners hear the highest event sequence after each COMMIT until they leave', async () => {
  await using fixture = await testStore()
  const heard: number[] = []
  const leave = fixture.store.onCommit((seq) => heard.push(seq))
  const event = { at: 0, kind: 'x', subject_kind: 's', subject_id: 's', actor: 'test', data: '{}' }
  const append = () =>
    fixture.store.write((tx) =>
      tx
        .insertInto('events')
        .values(event as never)
        .execute(),
    )
  await Promise.all([append(), append()])
  await append()
  leave()
  await append()
  expect(heard).toEqual([2, 3])
})

test('more callers than one group holds are all served, in order', async () => {
  let commits = 0
  const afterCommit = () => {
    commits++
  }
  await using fixture = await testStore(seams, { hooks: { afterCommit } })
  const wanted = Array.from({ length: 500 }, (_, index) => `t${index}`)
  const heard: string[] = []
  await Promise.all(
    wanted.map((name) => fixture.store.write((tx) => seedTenant(tx, seams, name)).then(() => heard.push(name))),
  )
  expect(heard).toEqual(wanted)
  expect(commits).toBe(3)
})

test('closing serves who waits and refuses who comes after', async () => {
  const fixture = await testStore()
  const waiting = fixture.store.write((tx) => seedTenant(tx, seams))
  const closed = fixture[Symbol.asyncDispose]()
  await expect(fixture.store.write((tx) => seedTenant(tx, seams))).rejects.toMatchObject({ code: 'unavailable' })
  await waiting
  await closed
})

test('two stores on one file, in one process, take turns', async () => {
  await using fixture = await testStore()
  await using other = await openStore(`sqlite:${fixture.path}`, seams, { synchronous: 'OFF' })
  const writes = Array.from({ length: 100 }, (_, index) => {
    const store = index % 2 === 0 ? fixture.store : other
    return store.write((tx) => seedTenant(tx, seams, `t${index}`))
  })
  await Promise.all(writes)
  expect(await names(other.read)).toHaveLength(100)
})

test('two processes on one file lose nothing', async () => {
  await using fixture = await testStore(seams, { synchronous: 'FULL' })
  const count = 200
  const child = fork(new URL('./commit-group.child.ts', import.meta.url), [fixture.path, String(count)])
  const ended = once(child, 'exit')
  await once(child, 'message')
  for (let index = 0; index < count; index++) {
    await fixture.store.write((tx) => seedTenant(tx, seams, `parent-${index}`))
  }
  expect(await ended).toEqual([0, null])
  expect(await names(fixture.store.read)).toHaveLength(2 * count)
})

function raw(text: string) {
  return {
    sql: text,
    parameters: [],
    query: { kind: 'RawNode', sqlFragments: [text], parameters: [] },
    queryId: { queryId: 'x' },
  } as const
}
