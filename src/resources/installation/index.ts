export { installationEndpoints } from './endpoints.ts'
export { ensureInstallation } from './store.ts'
