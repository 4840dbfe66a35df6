export { imageEndpoints } from './endpoints.ts'
