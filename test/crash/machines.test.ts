import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { makeTemplate } from './installation.ts'
import { abandon, build, remove, replace } from './operations.ts'
import { sweep } from './sweep.ts'

const template = await makeTemplate(await loadBlueprintFolder('blueprints/machines'))
afterAll(() => template.dispose())
const shape = { parameters: { count: 3 }, machines: 3 }
const choice =
  process.env.GANTRY_SWEEP === 'all' ? ({ kind: 'all' } as const) : ({ kind: 'sample', sample: 12, seed: 1 } as const)

for (const operation of [build(shape), abandon(shape), replace(shape, 'machine-0'), remove(shape)]) {
  test(`machines: ${operation.name} survives a crash at every kind of boundary`, { timeout: 300_000 }, async () => {
    const report = await sweep(template, operation, choice)
    expect(report.lives).toBeGreaterThan(5)
  })
}
