// What counts as gone, step by step, where the clock cannot be trusted. The rest of this step kind is lived through in
// test/engine and test/crash.

import { expect, test } from 'vitest'
import type { MachineFacts, StepContext } from '../engine/step-kind.ts'
import type { Json } from '../kernel/canonical.ts'
import type { Session } from '../provider/contract.ts'
import { machineStep } from './machine.ts'

const request = {
  owner: 'ins_1',
  hostname: 'm',
  resources: { cpu: 1, memoryBytes: 1, diskBytes: 1 },
  image: 'debian-12',
  zone: 'zone-a',
  host: 'host-1',
  spreadGroup: null,
  networks: [],
  loginUser: 'root',
  authorizedKey: 'ssh-ed25519 AAAA',
  hostKey: { publicKey: 'ssh-ed25519 AAAA' },
  specHash: 'h',
  own: {},
}

/**
 * A machine to be removed whose create was sent and never answered, at a provider that shows nothing; its answers take
 * `travels` ms to come back.
 */
function removal(lookup: 'consistent' | 'eventual', settleMs: number) {
  const time = { now: 1_000_000, travels: 0 }
  let memo: Json = null
  const session = { capabilities: { lookup, settleMs, createIdempotency: 'uniqueName' } }
  const kind = machineStep({
    open: async () => ({
      session: session as unknown as Session,
      looker: {
        look: async () => {
          time.now += time.travels
          return []
        },
      },
    }),
  })
  const machine = {
    id: 'mch_1',
    member: 'm-0@1',
    nativeRef: null,
    createSentAt: 999_999,
    spec: JSON.stringify(request),
  }
  const context = {
    step: { key: 'machine/m-0@1', kind: 'machine', want: 'absent', input: { member: 'm-0@1' } },
    seams: { clock: { now: () => time.now } },
    signal: new AbortController().signal,
    machine: () => machine as unknown as MachineFacts,
    mayAct: async () => {},
    get memo() {
      return memo
    },
    setMemo: async (value: Json) => {
      memo = value
    },
  }
  return { time, look: () => kind.ensure(context as unknown as StepContext) }
}

test.each(['consistent', 'eventual'] as const)(
  'a clock that jumps ahead proves nothing gone whose create may still take effect (lookup %s)',
  async (lookup) => {
    const { time, look } = removal(lookup, 30_000)
    expect((await look()).kind).toBe('wait')
    time.now += 3_600_000
    expect((await look()).kind).toBe('wait')
    for (let looks = 0; looks < 2; looks++) {
      time.now += 10_000
      const outcome = await look()
      expect(outcome.kind).toBe(looks === 0 ? 'wait' : 'done')
      if (outcome.kind === 'done') expect(outcome.gone?.[0]?.proof).toBe('absentForSettle')
    }
  },
)

test('an answer that was long on its way proves nothing for the time it took', async () => {
  const { time, look } = removal('eventual', 30_000)
  const first = time.now
  for (let looks = 0; looks < 3; looks++) {
    expect((await look()).kind).toBe('wait')
    time.now += 9_000
  }
  // Asked for after 27 s and answered after 36 s: it may have been absent at 27 s, and made at 30 s.
  time.travels = 9_000
  expect((await look()).kind).toBe('wait')
  const askedAt = time.now
  expect(askedAt - first).toBe(36_000)
  expect(await look()).toMatchObject({ kind: 'done', gone: [{ proof: 'absentForSettle', observedAt: askedAt }] })
})
