export { hostEndpoints } from './endpoints.ts'
export { Host, Zone } from './schemas.ts'
export { listZones } from './store.ts'
