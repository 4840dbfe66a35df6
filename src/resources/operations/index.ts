export { operationEndpoints } from './endpoints.ts'
