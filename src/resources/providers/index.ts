export { adoptIdentity } from './adopt.ts'
export { imagesOf } from './columns.ts'
export { providerEndpoints } from './endpoints.ts'
export { loadProvider } from './load.ts'
