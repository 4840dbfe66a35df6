export { Limits, Usage } from './schemas.ts'
