// Each planted bug is found by the promise it breaks. `npm test` lives through the seed that is known to find it (and
// looks for another where that one does not any more); GANTRY_FULL=1 looks from the first seed on.

import { expect, test } from 'vitest'
import { generate } from './generate.ts'
import { liveThrough } from './history.ts'
import { createBeforeIntent, leaseWithoutFence, receiptWithoutObservation, victimChosenAnew } from './plants.ts'
import type { Plant } from './process.ts'
import { shrink } from './shrink.ts'
import { makeTemplate } from './template.ts'
import type { Invariant } from './violation.ts'

const template = await makeTemplate()
const full = process.env.GANTRY_FULL === '1'
/** Within so many seeds every planted bug is found, COUNT. */
const enough = 500

interface Planted {
  readonly name: string
  readonly plant: Plant
  readonly breaks: Invariant
  /** A seed that finds it. */
  readonly known: number
}

const planted: readonly Planted[] = [
  { name: 'create before intent', plant: createBeforeIntent, breaks: 'intent-first', known: 1 },
  { name: 'receipt without observation', plant: receiptWithoutObservation, breaks: 'receipt-true', known: 1 },
  { name: 'a lease write without the fence', plant: leaseWithoutFence, breaks: 'one-writer', known: 5 },
  { name: 'the victim chosen anew in each pass', plant: victimChosenAnew, breaks: 'as-asked', known: 2 },
]

test.each(planted)(
  '$name is found within 500 seeds',
  { timeout: 1_200_000 },
  async ({ name, plant, breaks, known }) => {
    const seeds = [...(full ? [] : [known]), ...Array.from({ length: enough }, (_, at) => at + 1)]
    for (const seed of seeds) {
      const { violation } = await liveThrough(template, generate(seed), { plant })
      if (violation?.invariant !== breaks) continue
      if (seed !== known) console.warn(`${name}: seed ${known} was known to find it, now ${seed} does`)
      return
    }
    expect.fail(`${name} was not found within ${enough} seeds`)
  },
)

test('a history that breaks a promise is shrunk to what breaks it', async () => {
  const plant = createBeforeIntent
  const script = generate(1)
  const failed = await liveThrough(template, script, { plant })
  const { script: shorter, outcome } = await shrink(template, script, failed, { plant })
  expect(outcome.violation?.invariant).toBe('intent-first')
  expect(shorter.actions.map(({ kind }) => kind)).toEqual(['create'])
})
