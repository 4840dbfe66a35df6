import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadBlueprintFolder, parseBlueprint } from '../../blueprints/index.ts'
import { lesserWishes } from './lesser.ts'

const { blueprint } = parseBlueprint(await loadBlueprintFolder(join(import.meta.dirname, '../../../blueprints/swarm')))
const asked = { managers: 5, workers: 40, flavor: 'medium', managerSpread: 'must' }

test('each change by itself that would be admitted is told as a parameter, the largest number first', async () => {
  const tried: string[] = []
  const found = await lesserWishes(blueprint, asked, async (parameters) => {
    tried.push(JSON.stringify(parameters))
    return Number(parameters.managers) + Number(parameters.workers) <= 14
  })
  expect(found).toEqual(['workers=9'])
  expect(tried.length).toBeLessThan(15)
})

test('a strict spread is one change, fewer of an enumeration another', async () => {
  const found = await lesserWishes(blueprint, asked, async ({ managers, managerSpread }) => {
    return managerSpread === 'should' || Number(managers) <= 3
  })
  expect(found).toEqual(['managers=3', 'managerSpread=should'])
})

test('where nothing by itself would do, nothing is advised', async () => {
  expect(await lesserWishes(blueprint, asked, async () => false)).toEqual([])
})
