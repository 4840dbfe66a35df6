export { eventEndpoints } from './endpoints.ts'
export { History } from './schemas.ts'
export { transitions } from './store.ts'
