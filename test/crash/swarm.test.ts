import { emptied } from './emptying.ts'
import { ran } from './running.ts'
import { declareSweeps } from './sweeps.ts'

const shape = { parameters: { managers: 3, workers: 1 }, machines: 4 }
await declareSweeps(
  'blueprints/swarm',
  shape,
  ['worker-0', 'manager-0'],
  [
    ran(shape, 'rotate-join-tokens', 1),
    ran(shape, 'smoke', 5),
    // Three hosts for three managers: one of them goes to where another is.
    emptied({ ...shape, parameters: { ...shape.parameters, managerSpread: 'should' } }, 'manager-0'),
  ],
)
