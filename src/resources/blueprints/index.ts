export { blueprintEndpoints } from './endpoints.ts'
export { addShippedBlueprints } from './shipped.ts'
export { blueprintSource, findBlueprint, listVersions, newerVersion } from './store.ts'
