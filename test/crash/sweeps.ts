// Which sweeps a run takes: `npm test` each kind of boundary and a seeded sample, `npm run sweep` all of them.

import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { abandon, build, type Operation, remove, replace, type Shape } from './operations.ts'
import { type Choice, sweep } from './sweep.ts'
import { makeTemplate } from './template.ts'

const all = process.env.GANTRY_SWEEP === 'all'
const choice: Choice = all ? { kind: 'all' } : { kind: 'sample', sample: 3, seed: 1 }

/**
 * Declares the sweeps of a blueprint folder: build, delete in mid-build, the replacement of each of `slots` (one
 * of each group, the founder's among them), delete, and `more`.
 */
export async function declareSweeps(
  folder: string,
  shape: Shape,
  slots: readonly string[],
  more: readonly Operation[] = [],
): Promise<void> {
  const template = await makeTemplate(await loadBlueprintFolder(folder))
  afterAll(() => template.dispose())
  const operations: readonly Operation[] = [
    build(shape),
    abandon(shape),
    ...slots.map((slot) => replace(shape, slot)),
    remove(shape),
    ...more,
  ]
  for (const operation of operations) {
    const which = all ? 'at every boundary' : 'at every kind of boundary'
    test(`${folder}: ${operation.name} survives a crash ${which}`, { timeout: all ? 1_800_000 : 120_000 }, async () => {
      const began = performance.now()
      const report = await sweep(template, operation, choice)
      expect(report.lives).toBeGreaterThanOrEqual(all ? report.boundaries : report.kinds.size)
      expect(report.kinds.size).toBeGreaterThanOrEqual(operation.kinds ?? 6)
      if (all) {
        const seconds = Math.round((performance.now() - began) / 1000)
        console.info(
          `${folder} ${operation.name}: ${report.boundaries} boundaries, ${report.lives} lives, ${seconds} s`,
        )
      }
    })
  }
}
