import { expect, test } from 'vitest'
import type { Observed, OwnerTag, ResourceKey, Session } from './contract.ts'
import { faultProblem } from './fault-problem.ts'
import { OtherServer, provenSession } from './identity.ts'

const owner = 'ins_a' as OwnerTag
const there = 'ins_a/0/p/w-0@1' as ResourceKey
const absent = 'ins_a/0/p/w-1@1' as ResourceKey
const signal = new AbortController().signal
const machine = { key: there, owner } as Observed

/** A server with one machine, and who it says to be; `swap` is called in the middle of every look. */
function server(swap: () => void = () => undefined) {
  const now = { identity: 'a' }
  const session: Session = {
    capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'none', hosts: true, power: false },
    probe: async () => ({ identity: now.identity, version: '1', latencyMs: 0, missingRights: [] }),
    async *inventory() {
      swap()
      yield { name: 'h', zone: 'z', capacity: null, used: null, state: 'ready' as const }
    },
    create: () => Promise.reject(new Error('not asked for')),
    async *observe(_, keys) {
      swap()
      for (const { key } of keys) if (key === there) yield machine
    },
    destroy: async () => undefined,
    async *list() {
      swap()
      yield machine
    },
    async *pages() {
      swap()
      yield { name: 'all', digest: '1', objects: [machine] }
    },
    async [Symbol.asyncDispose]() {},
  }
  return { now, session: provenSession(session, 'a') }
}

const observe = (session: Session, ...keys: ResourceKey[]) =>
  Array.fromAsync(
    session.observe(
      owner,
      keys.map((key) => ({ key })),
      signal,
    ),
  )

const looks: readonly [string, (session: Session) => Promise<unknown[]>][] = [
  ['an absent key', (session) => observe(session, there, absent)],
  ['a list', (session) => Array.fromAsync(session.list(owner, signal))],
  ['a page', (session) => Array.fromAsync(session.pages?.(owner, new Map(), signal) ?? [])],
  ['an inventory', (session) => Array.fromAsync(session.inventory(signal))],
]

test.each(looks)('%s is believed of the known server and of no other', async (_, look) => {
  const { now, session } = server()
  expect(await look(session)).toHaveLength(1)
  now.identity = 'b'
  await expect(look(session)).rejects.toMatchObject({ name: 'OtherServer', kind: 'denied', outcome: 'none' })
})

test.each(looks)('%s is not believed when the server is exchanged while it is asked', async (_, look) => {
  const { now, session } = server(() => {
    now.identity = 'b'
  })
  await expect(look(session)).rejects.toBeInstanceOf(OtherServer)
})

test('what is found needs no proof: its tags are one', async () => {
  const { now, session } = server()
  now.identity = 'b'
  expect(await observe(session, there)).toEqual([machine])
})

test('people are told who answers, who should, and how to accept it', () => {
  const { code, detail, next } = faultProblem(new OtherServer('a', 'b'), 'dc1')
  expect(code).toBe('provider_denied')
  expect(detail).toMatch(/^Provider dc1 is not the server it was: .*: b, and not a\. .*--accept-identity b\.$/)
  expect(next).toContain('acceptIdentity')
})
