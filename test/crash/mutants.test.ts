import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { createBeforeIntent, receiptWithoutObservation, rememberInMemory } from './mutants.ts'
import { abandon, build, remove } from './operations.ts'
import { oneLife, sweep } from './sweep.ts'
import { makeTemplate } from './template.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())
const shape = { parameters: { count: 2 }, machines: 2 }
const all = { kind: 'all' } as const

// A world that needs time to boot and to destroy, so that what is claimed too early is seen to be untrue.
const world = { bootMs: 1_000, destroyMs: 1_000 }

test('the sweep catches a machine that is created before its intent is written', async () => {
  const caught = sweep(template, abandon(shape), all, { world }, createBeforeIntent())
  await expect(caught).rejects.toThrow(/delete in mid-build cut at boundary/)
})

test('the sweep catches a create that is remembered in memory instead of looked for', async () => {
  const caught = sweep(template, build(shape), all, { world }, rememberInMemory())
  await expect(caught).rejects.toThrow(/build cut at boundary/)
})

test('the sweep catches a receipt that nobody observed', async () => {
  await expect(oneLife(template, remove(shape), null, { world }, receiptWithoutObservation())).rejects.toThrow(
    /to deeply equal \[\]/,
  )
})

test('without a mutant the same lives pass', async () => {
  for (const operation of [abandon(shape), build(shape), remove(shape)]) {
    const report = await sweep(template, operation, { kind: 'sample', sample: 4, seed: 1 }, { world })
    expect(report.lives).toBeGreaterThan(4)
  }
})
