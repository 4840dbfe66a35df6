import { emptied } from './emptying.ts'
import { slept } from './resting.ts'
import { declareSweeps } from './sweeps.ts'

const shape = { parameters: { count: 3 }, machines: 3 }
await declareSweeps('blueprints/machines', shape, ['machine-0'], [emptied(shape, 'machine-0'), slept(shape)])
