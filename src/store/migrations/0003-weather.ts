import type { Migration } from './migration.ts'

// How often a provider may be called; null, as for those that were there before: not limited.

export const weather: Migration = {
  version: 3,
  name: 'weather',
  statements: () => ['alter table providers add column rate_limit text'],
}
