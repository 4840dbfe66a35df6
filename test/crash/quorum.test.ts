import { emptied } from './emptying.ts'
import { heldThenDeleted, resumed, stoppedAnywhere } from './holding.ts'
import { slept, sleptAnywhere } from './resting.ts'
import { ran, ranBesideRepair } from './running.ts'
import { declareSweeps } from './sweeps.ts'

const shape = { parameters: { voters: 3, workers: 1 }, machines: 4 }
await declareSweeps(
  'test/blueprints/quorum',
  shape,
  ['worker-0', 'voter-0'],
  [
    resumed(shape),
    heldThenDeleted(shape),
    stoppedAnywhere(shape),
    ran(shape, 'survey', 5),
    ran(shape, 'rekey', 4),
    emptied(shape, 'voter-0'),
    slept(shape),
    sleptAnywhere(shape),
    ranBesideRepair(shape, 'rekey', 'worker-0'),
  ],
)
