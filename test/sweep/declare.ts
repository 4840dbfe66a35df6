// The sweeps of one way over the whole catalogue: all of it, or each kind of boundary at least once and a seeded sample.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { z } from 'zod'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { catalogue } from '../crash/catalogue.ts'
import { startOf } from '../crash/start.ts'
import { type Choice, sweep, type Way } from '../crash/sweep.ts'
import { makeTemplate } from '../crash/template.ts'
import { notePassed, passedIn } from './ledger.ts'

const env = z
  .object({
    GANTRY_SWEEP: z.enum(['all', 'sample']).default('sample'),
    GANTRY_SWEEP_SHARD: z
      .string()
      .regex(/^\d+\/\d+$/)
      .default('1/1'),
    /** One a line. */
    GANTRY_SWEEP_ONLY: z.string().default(''),
    GANTRY_SWEEP_LEDGER: z.string().optional(),
    GANTRY_SWEEP_RECORD: z.string().optional(),
    /** So many boundaries of each sweep beside the kinds. COUNT */
    GANTRY_SWEEP_SAMPLE: z.coerce.number().int().default(1),
    GANTRY_SWEEP_SEED: z.coerce.number().int().default(1),
  })
  .parse(process.env)

const [shard = 1, shards = 1] = env.GANTRY_SWEEP_SHARD.split('/').map(Number)
const recordPath = join(import.meta.dirname, 'boundaries.json')
const recorded = (): Record<string, number> =>
  z.record(z.string(), z.int()).parse(JSON.parse(readFileSync(recordPath, 'utf8')))

/** A better plan may save a step or two; a sweep that lost more than that has lost sight of something. */
const share = 0.9

export async function declareSweeps(way: Way): Promise<void> {
  const ledger = env.GANTRY_SWEEP_LEDGER
  const before = new Set(ledger === undefined ? [] : passedIn(ledger).map(({ name }) => name))
  const wanted = env.GANTRY_SWEEP_ONLY.split('\n')
  let declared = 0
  for (const { folder, entries } of catalogue) {
    const template = await makeTemplate(await loadBlueprintFolder(folder))
    afterAll(() => template.dispose())
    /** Kinds of boundaries that this run has visited on this blueprint. */
    const visited = new Set<string>()
    for (const { operation, ways } of entries) {
      if (ways?.includes(way.name) === false) continue
      const sweepName = `${folder}, ${operation.name}, ${way.name}`
      const name = shards === 1 ? sweepName : `${sweepName}, ${shard}/${shards}`
      if (!wanted.some((part) => name.includes(part))) continue
      declared += 1
      // What is not run is not called passed: neither what passed before nor what has no boundary in this shard.
      if (before.has(name)) {
        test.skip(`${name}: passed before`, () => undefined)
        continue
      }
      test(name, async ({ skip }) => {
        if (env.GANTRY_SWEEP_RECORD !== undefined) {
          await using start = await startOf(template, operation)
          record(sweepName, (await way.points(start)).length)
          return
        }
        const began = performance.now()
        const choice: Choice =
          env.GANTRY_SWEEP === 'all'
            ? { kind: 'all', shard: shard - 1, shards }
            : { kind: 'sample', sample: env.GANTRY_SWEEP_SAMPLE, seed: env.GANTRY_SWEEP_SEED, visited }
        const { boundaries, lives, kinds, copied } = await sweep(template, operation, choice, {}, {}, way)
        const floor = recorded()[sweepName]
        expect(floor, `${sweepName} is not in boundaries.json; run with --record`).toBeDefined()
        expect(boundaries).toBeGreaterThanOrEqual(Math.floor((floor ?? 0) * share))
        // Of what runs no step none can fail: written down as 0, and then there is no life.
        if (boundaries > 0 && choice.kind === 'sample') expect(Math.min(lives, kinds.size)).toBeGreaterThan(0)
        const seconds = (performance.now() - began) / 1000
        if (ledger !== undefined) notePassed(ledger, { name, boundaries, lives, copied, seconds })
        if (lives === 0) skip(`none of its ${boundaries} boundaries is to be taken`)
        console.info(
          `${name}: ${boundaries} boundaries, ${lives} lives${copied ? '' : ', each prepared anew'}, ${seconds.toFixed(1)} s`,
        )
      })
    }
  }
  // A file without a test is a mistake to vitest.
  if (declared === 0) test.skip(`${way.name}: no sweep has such a name`, () => undefined)
}

function record(name: string, boundaries: number): void {
  const all = { ...recorded(), [name]: boundaries }
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(recordPath, `${JSON.stringify(sorted, null, 2)}\n`)
}
