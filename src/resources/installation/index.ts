export { installationEndpoints } from './endpoints.ts'
export { ensureInstallation, getInstallation } from './store.ts'
