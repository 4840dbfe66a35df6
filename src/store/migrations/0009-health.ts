import type { Migration } from './migration.ts'

// A machine may be ill though its provider calls it running.

export const health: Migration = {
  version: 9,
  name: 'health',
  statements: () => ['alter table machines add column ill_since bigint'],
}
