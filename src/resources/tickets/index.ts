export { checkKeys, toStored, usage } from './amounts.ts'
export { ticketEndpoints } from './endpoints.ts'
export { Limits, Usage } from './schemas.ts'
