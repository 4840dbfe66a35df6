import { failing } from '../crash/failing.ts'
import { declareSweeps } from './declare.ts'

await declareSweeps(failing)
