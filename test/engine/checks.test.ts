// Machines are asked again and again how they are: who hangs though its provider calls it running is made anew, who only
// fails its check is told, and nothing is written for a check that finds what the last one found.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { appendEvent, lastEventSeq } from '../../src/events/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate, type Template } from '../crash/template.ts'

const template: Template = await makeTemplate(await loadBlueprintFolder('test/blueprints/quorum'))
afterAll(() => template.dispose())

async function built(life: MemoryLife, parameters: { voters: number; workers: number }) {
  const gantry = await life.start(null, { checks: true })
  const id = await gantry.ask('team-a', parameters)
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  return { gantry, id }
}

function machineOf(life: MemoryLife, slot: string) {
  const found = life.world.living().find((machine) => String(machine.key).includes(`/${slot}@`))
  if (!found) throw new Error(`no ${slot}`)
  return found
}

async function openCodes(gantry: Process): Promise<string[]> {
  const rows = await gantry.store.read
    .selectFrom('problems')
    .select(['code', 'subject'])
    .where('resolved_at', 'is', null)
    .execute()
  return rows.map(({ code, subject }) => `${code} ${subject}`).sort()
}

const passes = (life: MemoryLife, ms: number) => life.clock.runUntil(life.clock.seams.clock.sleep(ms))

test('a voter that hangs while its provider calls it running is replaced, and that begins within 10 s', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 1 })
  await passes(life, 5_000)
  life.world.kill(machineOf(life, 'voter-0'), 'silent')
  const hungAt = life.clock.seams.clock.now()
  await gantry.run(async (store) => {
    const decided = store.read.selectFrom('decisions').select('id').where('kind', '=', 'replace')
    return (await decided.executeTakeFirst()) !== undefined
  })
  expect(life.clock.seams.clock.now() - hungAt).toBeLessThanOrEqual(10_000)
  await gantry.run(
    async (store) =>
      (await stateOf(store, id)) === 'ready' &&
      (await store.read
        .selectFrom('machines')
        .select('id')
        .where('member', '=', 'voter-0@1')
        .where('state', '=', 'deleted')
        .executeTakeFirst()) !== undefined,
  )
  expect(life.world.living()).toHaveLength(4)
  expect(await openCodes(gantry)).toEqual([])
})

test('a machine that answers and fails its check is told and left; when it passes again the problem ends by itself', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 1, workers: 1 })
  const worker = machineOf(life, 'worker-0')
  worker.inside().disk.writeFileSync('/etc/ill', 'the disk of this worker is slow\n')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  expect(await openCodes(gantry)).toEqual(['member_unhealthy worker-0@1'])
  const { detail } = await gantry.store.read.selectFrom('problems').select('detail').executeTakeFirstOrThrow()
  expect(detail).toContain('the disk of this worker is slow')
  await passes(life, 60_000)
  expect(machineOf(life, 'worker-0').key).toBe(worker.key)
  await worker.inside().disk.rm('/etc/ill')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await openCodes(gantry)).toEqual([])
})

test('a machine that misses one check and answers the next is nothing to tell, and checks alone write nothing', async () => {
  await using life = openLife(template)
  const { gantry } = await built(life, { voters: 3, workers: 1 })
  await passes(life, 15_000)
  const before = await lastEventSeq(gantry.store.read)
  machineOf(life, 'voter-1').cutNext = 'beforeItRuns'
  await passes(life, 60_000)
  expect(machineOf(life, 'voter-1').cutNext).toBeNull()
  expect(await lastEventSeq(gantry.store.read)).toBe(before)
  expect(await openCodes(gantry)).toEqual([])
})

test('what happens elsewhere makes nobody forget how often a machine has failed', async () => {
  await using life = openLife(template)
  const { gantry } = await built(life, { voters: 3, workers: 1 })
  await passes(life, 5_000)
  life.world.kill(machineOf(life, 'voter-0'), 'silent')
  const about = {
    subject: { kind: 'tenant', id: template.tenantId },
    tenant: template.tenantId,
    actor: 'test',
  } as const
  for (let second = 0; second < 10; second += 1) {
    await life.wait(gantry.store.write((tx) => appendEvent(tx, gantry.seams, { kind: 'tenant.changed', ...about })))
    await passes(life, 1_000)
  }
  const told = gantry.store.read.selectFrom('problems').select('subject').where('code', '=', 'machine_hung')
  expect(await told.execute()).toEqual([{ subject: 'voter-0@1' }])
})

test('a majority that hangs at once is a lost quorum, not a repair; when it answers again the platform goes on', async () => {
  await using life = openLife(template)
  const { gantry, id } = await built(life, { voters: 3, workers: 0 })
  const hung = [machineOf(life, 'voter-0'), machineOf(life, 'voter-1')]
  for (const machine of hung) life.world.kill(machine, 'silent')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'blocked')
  expect(await openCodes(gantry)).toContain('quorum_lost platform')
  for (const machine of hung) machine.health = 'good'
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(await openCodes(gantry)).toEqual([])
})
