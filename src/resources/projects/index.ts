export { projectEndpoints } from './endpoints.ts'
export { getProject } from './store.ts'
