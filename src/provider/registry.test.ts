import { expect, test } from 'vitest'
import { z } from 'zod'
import { newId, type ProviderId } from '../kernel/ids.ts'
import { realSeams } from '../kernel/real-seams.ts'
import type { ProviderKind, Session } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { type Kinds, type LoadedProvider, openSessions } from './registry.ts'

const seams = realSeams()

function world() {
  const log: string[] = []
  const row = {
    current: { name: 'dc1', rateLimit: null, kind: 'toy', config: { password: 'a' }, version: 1, identity: 'a' } as
      | LoadedProvider
      | undefined,
  }
  const fails: Error[] = []
  const server = { identity: 'a' }
  const adopted: string[] = []
  const kind: ProviderKind = {
    kind: 'toy',
    simulated: true,
    config: z.object({ password: z.string() }),
    machineSpec: z.unknown(),
    async connect(config) {
      const fail = fails.shift()
      if (fail) throw fail
      log.push(`connect ${JSON.stringify(config)}`)
      const session = {
        identify: async () => server.identity,
        [Symbol.asyncDispose]: async () => {
          log.push('dispose')
        },
      }
      return session as unknown as Session
    },
  }
  const kinds: Kinds = { names: ['toy'], get: async (name) => (name === 'toy' ? kind : undefined) }
  const sessions = openSessions({
    kinds,
    seams,
    adopt: async (_, identity) => {
      adopted.push(identity)
      return adopted[0] ?? identity
    },
    load: async (_, known) => (row.current && row.current.version === known ? 'unchanged' : row.current),
  })
  return { log, row, fails, server, adopted, sessions, id: newId('provider', seams) as ProviderId }
}

test('callers at the same time share one connection', async () => {
  const { log, sessions, id } = world()
  const [a, b] = await Promise.all([sessions.get(id), sessions.get(id)])
  expect(a).toBe(b)
  expect(await sessions.get(id)).toBe(a)
  expect(log).toHaveLength(1)
})

test('a new version of the row makes a new session, and closing closes both', async () => {
  const { log, row, sessions, id } = world()
  const before = await sessions.get(id)
  row.current = { name: 'dc1', rateLimit: null, kind: 'toy', config: { password: 'b' }, version: 2, identity: 'a' }
  expect(await sessions.get(id)).not.toBe(before)
  await sessions[Symbol.asyncDispose]()
  expect(log).toEqual(['connect {"password":"a"}', 'connect {"password":"b"}', 'dispose', 'dispose'])
})

test('a failed connection is a fault and is tried again by the next caller', async () => {
  const { fails, sessions, id } = world()
  fails.push(new Error('ECONNREFUSED'))
  await expect(sessions.get(id)).rejects.toMatchObject({ kind: 'transient', outcome: 'none', message: 'ECONNREFUSED' })
  await expect(sessions.get(id)).resolves.toBeDefined()
})

test('a login that is refused stays a denied fault', async () => {
  const { fails, sessions, id } = world()
  fails.push(new ProviderFault({ kind: 'denied', outcome: 'none' }, 'wrong password'))
  await expect(sessions.get(id)).rejects.toMatchObject({ kind: 'denied' })
})

test('a deleted provider and an unknown kind are faults, not crashes', async () => {
  const { row, sessions, id } = world()
  row.current = undefined
  await expect(sessions.get(id)).rejects.toMatchObject({ kind: 'gone' })
  row.current = { name: 'dc1', rateLimit: null, kind: 'other', config: {}, version: 3, identity: 'a' }
  await expect(sessions.get(id)).rejects.toMatchObject({ kind: 'rejected' })
})

test('a session is given out only when its server is the known one, and another one is hung up on', async () => {
  const { log, server, sessions, id } = world()
  server.identity = 'b'
  await expect(sessions.get(id)).rejects.toMatchObject({ name: 'OtherServer', known: 'a', answers: 'b' })
  expect(log.at(-1)).toBe('dispose')
  server.identity = 'a'
  await expect(sessions.get(id)).resolves.toBeDefined()
})

test('a provider without an identity takes the one it sees, and whoever was first counts', async () => {
  const { adopted, row, server, sessions, id } = world()
  row.current = { name: 'dc1', rateLimit: null, kind: 'toy', config: {}, version: 4, identity: null }
  await sessions.get(id)
  expect(adopted).toEqual(['a'])
  server.identity = 'b'
  row.current = { ...row.current, version: 5 }
  await expect(sessions.get(id)).rejects.toMatchObject({ name: 'OtherServer', known: 'a', answers: 'b' })
})
