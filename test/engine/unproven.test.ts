// Machines that are to go and cannot be proven gone, as the credentials of their provider are away: it waits and says so,
// goes on when they are mended, and a person may let go of what never will be seen again.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { forgetMachine } from '../../src/care/index.ts'
import type { PlatformId } from '../../src/kernel/ids.ts'
import type { Session } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

interface Lock {
  closed: boolean
}

/** Refuses the login while the lock is closed. */
function locked(real: Session, lock: Lock): Session {
  const enter = () => {
    if (lock.closed) throw new ProviderFault({ kind: 'denied', outcome: 'none' }, 'the token was revoked')
  }
  const { pages } = real
  return {
    ...real,
    async *inventory(signal) {
      enter()
      yield* real.inventory(signal)
    },
    async *observe(owner, keys, signal) {
      enter()
      yield* real.observe(owner, keys, signal)
    },
    async *list(owner, signal) {
      enter()
      yield* real.list(owner, signal)
    },
    ...(pages && {
      async *pages(...asked: Parameters<typeof pages>) {
        enter()
        yield* pages(...asked)
      },
    }),
    async create(...asked) {
      enter()
      return real.create(...asked)
    },
    async destroy(...asked) {
      enter()
      return real.destroy(...asked)
    },
  }
}

async function built(life: MemoryLife, workers: number) {
  const lock: Lock = { closed: false }
  const gantry = await life.start(null, { session: (real) => locked(real, lock) })
  const id = await gantry.ask('team-a', { voters: 1, workers })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  lock.closed = true
  return { gantry, id, lock }
}

const open = (gantry: Process) =>
  gantry.store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).orderBy('subject').execute()

async function placeOf(gantry: Process, id: PlatformId) {
  const row = await gantry.store.read.selectFrom('platforms').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  return { id, tenantId: row.tenant_id, projectId: row.project_id }
}

test('a deletion waits for credentials, names each machine with its object and what may be chosen, and goes on when they are mended', async () => {
  await using life = openLife(template)
  const { gantry, id, lock } = await built(life, 1)
  await gantry.remove(id)
  await gantry.run(async () => (await open(gantry)).length === 2)
  await life.clock.advance(30 * 60_000)
  const told = await open(gantry)
  expect(told.map(({ code, subject, resolutions }) => [code, subject, resolutions])).toEqual([
    ['machine_not_gone', 'voter-0@1', '["retry","forget"]'],
    ['machine_not_gone', 'worker-0@1', '["retry","forget"]'],
  ])
  const worker = life.world.living().find(({ key }) => String(key).includes('/worker-0@'))
  expect(told[1]?.detail).toContain('the token was revoked')
  expect(told[1]?.detail).toContain(`${worker?.key} (${worker?.ref})`)
  const row = await gantry.store.read
    .selectFrom('platforms')
    .select(['state', 'state_reason'])
    .executeTakeFirstOrThrow()
  expect(row).toMatchObject({ state: 'deleting', state_reason: expect.stringContaining('the token was revoked') })
  lock.closed = false
  await gantry.run(async (store) => (await stateOf(store, id)) === 'deleted')
  expect(life.world.living()).toEqual([])
  expect(await open(gantry)).toEqual([])
  const proofs = await gantry.store.read.selectFrom('receipt_objects').select('proof').distinct().execute()
  expect(proofs).toEqual([{ proof: 'absentByConsistentLookup' }])
})

test('one machine is let go with a reason: the platform lives on, and what a scan sees of it later is removed', async () => {
  await using life = openLife(template)
  const { gantry, id, lock } = await built(life, 2)
  await askChange(gantry, id, { kind: 'change', parameters: { workers: 1 } })
  await gantry.run(async () => (await open(gantry)).length === 1)
  const [problem] = await open(gantry)
  expect(problem).toMatchObject({ code: 'machine_not_gone', subject: 'worker-1@1' })
  const place = await placeOf(gantry, id)
  const because = { actor: 'user:ann', reason: 'the account was closed' }
  const machine = problem?.machine_id
  if (!machine) throw new Error('it is of a machine')
  const { left, secrets } = await gantry.request(id, (tx) => forgetMachine(tx, gantry.forming, place, machine, because))
  expect(left).toMatchObject([{ machine, member: 'worker-1@1', nativeRef: expect.stringMatching(/^sim-/) }])
  expect(secrets).toHaveLength(1)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await open(gantry)).toEqual([])
  const { read } = gantry.store
  expect(await read.selectFrom('receipt_objects').select(['machine_id', 'proof']).execute()).toEqual([
    { machine_id: machine, proof: 'forgotten' },
  ])
  const held = await read.selectFrom('reservations').select('holder').where('holder', 'like', '%/worker-1').execute()
  expect(held).toEqual([])
  expect(await read.selectFrom('records').select('key').where('member', '=', 'worker-1@1').execute()).toEqual([])
  const told = await read.selectFrom('events').selectAll().where('kind', '=', 'machine.forgotten').execute()
  expect(told).toMatchObject([{ cause: because.reason, actor: because.actor, subject_id: machine }])
  expect(told[0]?.data).toContain('worker-1@1')
  expect(life.world.living()).toHaveLength(3)
  lock.closed = false
  await gantry.run(async () => life.world.living().length === 2)
  expect(await stateOf(gantry.store, id)).toBe('ready')
})

test('nobody is let go who is a member still', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, 1)
  const [machine] = await gantry.store.read.selectFrom('machines').select('id').execute()
  if (!machine) throw new Error('there are two')
  const place = await placeOf(gantry, id)
  const because = { actor: 'user:ann', reason: 'a mistake' }
  const { left } = await gantry.request(id, (tx) => forgetMachine(tx, gantry.forming, place, machine.id, because))
  expect(left).toEqual([])
  const members = await gantry.store.read.selectFrom('members').select('state').execute()
  expect(members.map(({ state }) => state)).toEqual(['in', 'in'])
  const told = gantry.store.read.selectFrom('events').select('seq').where('kind', '=', 'machine.forgotten')
  expect(await told.execute()).toEqual([])
})
