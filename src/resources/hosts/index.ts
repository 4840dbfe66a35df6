export { Host, Zone } from './schemas.ts'
