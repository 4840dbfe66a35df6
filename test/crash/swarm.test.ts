import { ran } from './running.ts'
import { declareSweeps } from './sweeps.ts'

const shape = { parameters: { managers: 3, workers: 1 }, machines: 4 }
await declareSweeps(
  'blueprints/swarm',
  shape,
  ['worker-0', 'manager-0'],
  [ran(shape, 'rotate-join-tokens', 1), ran(shape, 'smoke', 5)],
)
