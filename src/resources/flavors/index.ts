export { flavorEndpoints } from './endpoints.ts'
export { costOf } from './flavors.ts'
