import { afterAll, expect, test } from 'vitest'
import { loadBlueprintFolder } from '../../src/blueprints/index.ts'
import { abandon, build, remove, replace } from './operations.ts'
import { journalled, openSocketLife } from './socket-life.ts'
import { liveThrough } from './sweep.ts'
import { makeTemplate } from './template.ts'

const template = await makeTemplate(journalled(await loadBlueprintFolder('blueprints/swarm')))
afterAll(() => template.dispose())
const shape = { parameters: { managers: 1, workers: 1 }, machines: 2 }
const cut = [
  { operation: build(shape), at: 37 },
  { operation: abandon(shape), at: 31 },
  { operation: replace(shape, 'worker-0'), at: 29 },
  { operation: remove(shape), at: 9 },
]

// Each life has a world of its own and mostly waits for it: together they take as long as the longest.
test.concurrent.each(cut)(
  'over real SSH, $operation.name survives a crash at boundary $at',
  async ({ operation, at }) => {
    await using life = await openSocketLife(template)
    const report = await liveThrough(life, operation, at)
    expect(report.diedAt).toMatch(/^(before|after) /)
  },
)
