export { blueprintEndpoints } from './endpoints.ts'
export { addShippedBlueprints } from './shipped.ts'
export { blueprintSource, findBlueprint } from './store.ts'
