// One machine more costs as many steps on a platform of 500 as on one of 5: what is done is not done again, for nobody.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import type { AttemptStatus, Remote } from '../../src/bootstrap/remote.ts'
import { instantSession } from '../bench/instant.ts'
import { openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const machines = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
const quorum = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => {
  machines.dispose()
  quorum.dispose()
})

interface Counted {
  /** Steps that were run, by key without the ordinal; how often each was, over all members. */
  readonly steps: Readonly<Record<string, number>>
  readonly creates: number
  readonly scripts: number
}

/** What is done when a platform of `size` machines, built and at rest, gets one more. */
async function addOne(
  template: Template,
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Promise<Counted> {
  await using life = openLife(template)
  const ran: string[] = []
  let [creates, scripts] = [0, 0]
  const session = instantSession()
  const gantry = await life.start(null, {
    kind: (real) => ({
      ...real,
      async ensure(ctx) {
        const outcome = await real.ensure(ctx)
        if (outcome.kind === 'done') ran.push(ctx.step.key)
        return outcome
      },
    }),
    session: () => ({
      ...session,
      create(...call) {
        creates += 1
        return session.create(...call)
      },
    }),
    remote: () =>
      instantScripts(() => {
        scripts += 1
      }),
  })
  await life.wait(plenty(gantry))
  const id = await gantry.ask('team-a', before)
  const ready = async () => gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await ready()
  await life.clock.advance(30_000)
  ran.length = 0
  creates = 0
  scripts = 0
  await life.wait(askChange(gantry, id, { kind: 'change', parameters: after }))
  await ready()
  const newest = (await gantry.store.read.selectFrom('machines').select('member').orderBy('id', 'desc').execute())[0]
  const steps: Record<string, number> = {}
  for (const key of ran) {
    // A gate is one more each time: its key ends in the digest of those it looked at.
    const step = key.replaceAll(newest?.member ?? '', 'the new one').replace(/^(gate\/.*)\/[0-9a-f]{16}$/, '$1')
    steps[step] = (steps[step] ?? 0) + 1
  }
  return { steps, creates, scripts }
}

/** Room and quota for a thousand machines. */
async function plenty({ store }: Process): Promise<void> {
  await store.write(async (tx) => {
    await tx.updateTable('providers').set({ overcommit: '{"cpu":1000,"memory":1000,"disk":1000}' }).execute()
    await tx
      .updateTable('ticket_limits')
      .set((eb) => ({ amount: eb('amount', '*', 100) }))
      .execute()
    await tx
      .updateTable('shares')
      .set((eb) => ({ amount: eb('amount', '*', 100) }))
      .execute()
  })
}

/** Every script ends at once, and gives what it must. */
function instantScripts(started: () => void): Remote {
  const ended = new Map<string, AttemptStatus>()
  const statusOf = (id: string): AttemptStatus => ended.get(id) ?? { kind: 'absent' }
  return {
    prove: async () => {},
    start: async (_target, journey) => {
      for (const { id, mustGive } of journey) {
        if (ended.has(id)) continue
        started()
        const outputs = Object.fromEntries(mustGive.map((name) => [name, `${name}-of-${id}`]))
        ended.set(id, { kind: 'ended', exitCode: 0, outputs, logBytes: 0 })
      }
      return statusOf(journey[0].id)
    },
    stop: async (_target, { id }) => statusOf(id),
    look: async (_target, id) => statusOf(id),
    log: async () => new Uint8Array(),
    check: async () => Promise.reject(new Error('no check was asked for')),
    forget: () => {},
    async [Symbol.asyncDispose]() {},
  }
}

test('one machine more of plain machines: as many steps at 500 as at 5, all of them its own', async () => {
  const small = await addOne(machines, { count: 5 }, { count: 6 })
  const large = await addOne(machines, { count: 500 }, { count: 501 })
  expect(large).toEqual(small)
  expect(small.creates).toBe(1)
  expect(Object.keys(small.steps).every((key) => key.includes('the new one'))).toBe(true)
})

test('one worker more of a cluster that votes: as many steps at 500 as at 5, its own and the gate', async () => {
  const small = await addOne(quorum, { voters: 3, workers: 2 }, { workers: 3 })
  const large = await addOne(quorum, { voters: 3, workers: 497 }, { workers: 498 })
  expect(large).toEqual(small)
  expect(small.creates).toBe(1)
  expect(small.scripts).toBeGreaterThan(2)
  const others = Object.keys(small.steps).filter((key) => !key.includes('the new one'))
  expect(others.every((key) => key.startsWith('gate/') || key.startsWith('fresh/'))).toBe(true)
})
