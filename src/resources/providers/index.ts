export { imagesOf } from './columns.ts'
export { openConfig } from './config.ts'
export { providerEndpoints } from './endpoints.ts'
export { loadProvider } from './load.ts'
