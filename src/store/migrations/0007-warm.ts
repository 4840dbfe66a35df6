import type { Migration } from './migration.ts'

// Machines that were replaced may be kept warm for a while, so that a change can be undone at once.

export const warm: Migration = {
  version: 7,
  name: 'warm',
  statements: () => ['alter table members add column warm_until integer'],
}
