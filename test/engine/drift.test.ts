// What was changed behind our back is told: a machine that is not what it was asked to be.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { resolveByPerson } from '../../src/care/index.ts'
import { lastEventSeq } from '../../src/events/index.ts'
import { type MemoryLife, openLife } from '../crash/installation.ts'
import { type Process, stateOf } from '../crash/process.ts'
import { makeTemplate } from '../crash/template.ts'
import { askChange } from '../support/changing.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())

async function withChanged(life: MemoryLife) {
  const gantry = await life.start()
  const id = await gantry.ask('team-a', { count: 2 })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  await life.clock.advance(30_000)
  const machine = life.world.living().at(-1)
  if (!machine) throw new Error('no machine')
  const asked = machine.request
  const change = (specHash: string) => Object.assign(machine, { request: { ...asked, specHash } })
  change('another')
  await gantry.run(async () => (await open(gantry)).length > 0)
  return { gantry, id, machine, changeBack: () => change(asked.specHash) }
}

function open(gantry: Process) {
  return gantry.store.read.selectFrom('problems').selectAll().where('resolved_at', 'is', null).execute()
}

test('a machine changed at its provider is a named problem, told once, that ends when it is as it was', async () => {
  await using life = openLife(template)
  const { gantry, id, machine, changeBack } = await withChanged(life)
  expect(await open(gantry)).toMatchObject([{ code: 'machine_changed', resolutions: '["recreate","ignore"]' }])
  expect(await stateOf(gantry.store, id)).toBe('ready')
  const told = await lastEventSeq(gantry.store.read)
  await life.clock.advance(30 * 60_000)
  expect(await lastEventSeq(gantry.store.read)).toBe(told)
  expect(life.world.living()).toContain(machine)
  changeBack()
  await gantry.run(async () => (await open(gantry)).length === 0)
  expect(life.world.living()).toContain(machine)
})

test('it is made anew when a person says so, and not otherwise', async () => {
  await using life = openLife(template)
  const { gantry, id, machine } = await withChanged(life)
  await choose(gantry, 'recreate')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && !life.world.living().includes(machine))
  expect(life.world.living()).toHaveLength(2)
  expect(await open(gantry)).toEqual([])
})

test('who ignores the change has not said that the machine may die', async () => {
  await using life = openLife(template)
  const { gantry, id, machine } = await withChanged(life)
  await choose(gantry, 'ignore')
  await life.clock.advance(10 * 60_000)
  expect(await open(gantry)).toEqual([])
  life.world.kill(machine, 'vanished')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'degraded')
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready')
  expect(life.world.living()).toHaveLength(2)
})

async function choose(gantry: Process, resolution: 'ignore' | 'recreate') {
  const [problem] = await open(gantry)
  if (!problem) throw new Error('nothing to resolve')
  await gantry.store.write(async (tx) => {
    const row = await tx.selectFrom('platforms').selectAll().executeTakeFirstOrThrow()
    const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
    await resolveByPerson(tx, gantry.seams, place, problem, resolution, 'test')
  })
}

test('it ends when its member goes: who scales down need not decide about a machine that is not there', async () => {
  await using life = openLife(template)
  const { gantry, id, machine } = await withChanged(life)
  await askChange(gantry, id, { kind: 'change', parameters: { count: 1 } })
  await gantry.run(async (store) => (await stateOf(store, id)) === 'ready' && !life.world.living().includes(machine))
  expect(await open(gantry)).toEqual([])
})
