export { problemEndpoints } from './endpoints.ts'
