import { expect, test } from 'vitest'
import { seedPlatform, seedProject, seedTenant, testStore } from '../../test/support/store.ts'
import { realSeams } from '../kernel/real-seams.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { appendEvent } from './append.ts'
import type { RecordedEvent } from './event.ts'
import { lastEventSeq, listEvents } from './list.ts'
import { followEvents } from './stream.ts'

const seams = realSeams()

function tell(store: Store, id: string, kind: 'step.started' | 'step.done' = 'step.started'): Promise<number> {
  return store.write(async (tx) => {
    await appendEvent(tx, seams, { kind, subject: { kind: 'step', id }, actor: 'engine', data: { id } })
    return lastEventSeq(tx)
  })
}

test('events are listed oldest first, after a cursor, by every filter there is', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const owner = await store.write(async (tx) => {
    const tenant = await seedTenant(tx, seams)
    const project = await seedProject(tx, seams, tenant)
    return { tenant, project, platform: await seedPlatform(tx, seams, { tenant, project }) }
  })
  await store.write((tx) =>
    appendEvent(tx, seams, {
      kind: 'platform.created',
      subject: { kind: 'platform', id: owner.platform },
      actor: 'tok_1',
      cause: 'request',
      ...owner,
      data: { name: 'team-a' },
    }),
  )
  const first = await lastEventSeq(store.read)
  const second = await tell(store, 'a')
  const all = await listEvents(store.read, {})
  expect(all.map((event) => event.seq)).toEqual([first, second])
  expect(all[0]).toMatchObject({ ...owner, kind: 'platform.created', cause: 'request', data: { name: 'team-a' } })
  expect(await listEvents(store.read, { after: first })).toEqual([all[1]])
  expect(await listEvents(store.read, { upTo: first })).toEqual([all[0]])
  expect(await listEvents(store.read, { limit: 1 })).toEqual([all[0]])
  for (const [key, id] of Object.entries(owner)) expect(await listEvents(store.read, { [key]: id })).toEqual([all[0]])
  expect(await listEvents(store.read, { subject: { kind: 'step', id: 'a' } })).toEqual([all[1]])
  expect(await listEvents(store.read, { kinds: ['step.started', 'step.done'] })).toEqual([all[1]])
  expect(await lastEventSeq(store.read)).toBe(second)
})

test('a follower gets what exists and what comes, each once and in order, however slow it is', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const total = 450
  const told: number[] = []
  for (let index = 0; index < 220; index++) told.push(await tell(store, `old-${index}`))
  const stop = new AbortController()
  const seen: RecordedEvent[] = []
  const follower = (async () => {
    for await (const event of followEvents(store, seams, { after: told[9] ?? 0 }, stop.signal)) {
      seen.push(event)
      if (seen.length % 40 === 0) await seams.clock.sleep(2)
      if (seen.length === total - 10) break
    }
  })()
  while (told.length < total) {
    const burst = Array.from({ length: 10 }, (_, index) => tell(store, `new-${told.length + index}`))
    told.push(...(await Promise.all(burst)))
    await seams.clock.sleep(1)
  }
  await follower
  expect(seen.map((event) => event.seq)).toEqual(told.slice(10))
})

test('a follower of one kind passes over the rest, sleeps until woken, and ends when told to', async () => {
  await using fixture = await testStore()
  const { store } = fixture
  const stop = new AbortController()
  const seen: string[] = []
  const ended = (async () => {
    for await (const event of followEvents(store, seams, { kinds: ['step.done'] }, stop.signal)) {
      seen.push(event.subject.id)
    }
    return 'ended'
  })()
  for (let index = 0; index < 5; index++) {
    await tell(store, `no-${index}`)
    await tell(store, `yes-${index}`, 'step.done')
    await expect.poll(() => seen.length, { interval: 1 }).toBe(index + 1)
  }
  stop.abort()
  expect(await ended).toBe('ended')
  expect(seen).toEqual([0, 1, 2, 3, 4].map((index) => `yes-${index}`))
})

test('a follower hears of commits of another process on the same file', async () => {
  await using fixture = await testStore()
  await using other = await openStore(`sqlite:${fixture.path}`, seams, { synchronous: 'OFF' })
  const stop = new AbortController()
  const follower = followEvents(fixture.store, seams, {}, stop.signal)
  const next = follower.next()
  await seams.clock.sleep(10)
  const seq = await tell(other, 'elsewhere')
  expect(await next).toMatchObject({ value: { seq } })
  await follower.return()
})
