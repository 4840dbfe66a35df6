export { receiptEndpoints } from './endpoints.ts'
