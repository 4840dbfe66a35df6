import { heldThenDeleted, resumed, stoppedAnywhere } from './holding.ts'
import { declareSweeps } from './sweeps.ts'

const shape = { parameters: { voters: 3, workers: 1 }, machines: 4 }
await declareSweeps(
  'test/blueprints/quorum',
  shape,
  ['worker-0', 'voter-0'],
  [resumed(shape), heldThenDeleted(shape), stoppedAnywhere(shape)],
)
