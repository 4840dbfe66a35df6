export { platformEndpoints } from './endpoints.ts'
export { platformInsightEndpoints } from './insight.ts'
export { platformLifeEndpoints } from './life.ts'
