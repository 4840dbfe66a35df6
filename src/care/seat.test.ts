// What somebody is told whose platform found no place: asking for less is advice only where less would help.

import { expect, test } from 'vitest'
import { seedProvider, type TestStore, testStore } from '../../test/support/store.ts'
import type { ProviderId } from '../kernel/ids.ts'
import { type Problem, ProblemError } from '../kernel/problem.ts'
import { type InventoryReport, saveInventory } from '../placement/index.ts'
import type { ProviderTable } from '../store/schema.ts'
import { seatSlots } from './seat.ts'
import type { Slot } from './slot.ts'

const gib = 2 ** 30
const size = (cpu: number) => ({ cpu, memoryBytes: cpu * gib, diskBytes: 10 * gib })

interface Asked {
  readonly count?: number
  readonly cpu?: number
}

interface Lab extends AsyncDisposable {
  readonly provider: (
    name: string,
    state: ProviderTable['state'],
    cpu: number,
    host?: InventoryReport['state'],
  ) => Promise<ProviderId>
  /** The problem that slots are refused with. */
  readonly refused: (asked?: Asked) => Promise<Problem>
}

async function lab(): Promise<Lab> {
  const fixture: TestStore = await testStore()
  const { store, seams } = fixture
  const slots = ({ count = 1, cpu = 2 }: Asked): Slot[] => {
    const group = { name: 'vm', count, flavor: 'small', image: 'debian-12', spread: {}, quorum: false, founds: false }
    return Array.from({ length: count }, (_, ordinal) => ({
      group,
      ordinal,
      incarnation: 1,
      revision: 1,
      resources: size(cpu),
      cost: {},
    }))
  }
  return {
    provider: (name, state, cpu, hostState = 'ready') =>
      store.write(async (tx) => {
        const id = await seedProvider(tx, seams, name)
        const images = JSON.stringify({ 'debian-12': { ref: 'debian-12', user: 'root' } })
        await tx.updateTable('providers').set({ state, images }).where('id', '=', id).execute()
        const capacity = { ...size(cpu), diskBytes: 1_000 * gib }
        const report = { name: `${name}-1`, zone: 'zone-a', capacity, used: null, state: hostState }
        await saveInventory(tx, seams, id, [report], new Map())
        return id
      }),
    async refused(asked = {}) {
      const answer = await seatSlots(store.read, slots(asked), []).catch((error: unknown) => error)
      if (!(answer instanceof ProblemError)) throw new Error(`not refused: ${JSON.stringify(answer)}`)
      return answer.toProblem()
    },
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  }
}

test('a provider that does not answer is the problem, and the advice is to ask again', async () => {
  await using on = await lab()
  await on.provider('dc1', 'unreachable', 8)
  expect(await on.refused()).toMatchObject({
    code: 'provider_unreachable',
    detail: 'vm-0 found no host: dc1 cannot be reached.',
    facts: { providers: ['dc1'], hosts: ['dc1-1: its provider does not answer'], wouldFitWith: [] },
    next: expect.stringMatching(/^Ask again in a minute.* infra-admin/),
  })
})

test('where no provider is registered, that is said, and how one is', async () => {
  await using on = await lab()
  expect(await on.refused()).toMatchObject({
    code: 'no_capacity',
    detail: 'vm-0 found no host: no provider is registered.',
    next: expect.stringContaining('gantry provider add'),
  })
})

test('a provider that refuses us is the problem, and an infra-admin is asked', async () => {
  await using on = await lab()
  await on.provider('dc1', 'denied', 8)
  expect(await on.refused()).toMatchObject({
    code: 'provider_denied',
    detail: 'vm-0 found no host: dc1 refuses the login or a right.',
    next: expect.stringMatching(/^An infra-admin must .*credentials/),
  })
})

test('where another provider is full, the one that is away is named and what would fit there is said too', async () => {
  await using on = await lab()
  await on.provider('dc1', 'healthy', 2)
  await on.provider('dc2', 'unreachable', 8)
  expect(await on.refused({ count: 3 })).toMatchObject({
    code: 'provider_unreachable',
    detail: 'vm-1, vm-2 found no host: dc2 cannot be reached.',
    facts: { wouldFitWith: ['1 of vm'] },
    next: expect.stringMatching(/It would fit with 1 of vm\.$/),
  })
})

test('what no provider could hold if it answered is a want of capacity', async () => {
  await using on = await lab()
  await on.provider('dc1', 'unreachable', 8)
  expect(await on.refused({ cpu: 16 })).toMatchObject({
    code: 'no_capacity',
    next: expect.stringMatching(/^Ask for fewer or smaller machines/),
  })
})

test('a host in maintenance would not take anybody, whether its provider answers or not', async () => {
  await using on = await lab()
  await on.provider('dc1', 'unreachable', 8, 'maintenance')
  expect(await on.refused()).toMatchObject({ code: 'no_capacity', facts: { hosts: ['dc1-1: in maintenance'] } })
})
