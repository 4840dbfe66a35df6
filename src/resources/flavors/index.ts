export { flavorEndpoints } from './endpoints.ts'
