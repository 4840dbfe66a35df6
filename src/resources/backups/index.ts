export { backupEndpoints } from './endpoints.ts'
export { backUpFolder } from './offline.ts'
export { beginReportOnly, type RestoreWish, restoreInto } from './restore.ts'
