export { hostEndpoints } from './endpoints.ts'
export { Zone } from './schemas.ts'
export { listZones } from './store.ts'
