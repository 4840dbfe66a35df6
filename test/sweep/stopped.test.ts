import { stopping } from '../crash/twice.ts'
import { declareSweeps } from './declare.ts'

await declareSweeps(stopping)
