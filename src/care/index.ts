export type { DecideDeps } from './deps.ts'
export { engineHooks } from './hooks.ts'
export { claimsOf, formPlatform, type PlatformWish, type Preview, previewPlatform, unformPlatform } from './platform.ts'
export { type Care, startCare } from './watch.ts'
