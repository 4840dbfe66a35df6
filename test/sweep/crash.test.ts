import { crashing } from '../crash/sweep.ts'
import { declareSweeps } from './declare.ts'

await declareSweeps(crashing)
