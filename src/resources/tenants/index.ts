export { tenantEndpoints } from './endpoints.ts'
