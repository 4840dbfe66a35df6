import { declareSweeps } from './sweeps.ts'

await declareSweeps('blueprints/machines', { parameters: { count: 3 }, machines: 3 }, ['machine-0'])
