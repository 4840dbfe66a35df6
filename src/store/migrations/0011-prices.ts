import type { Migration } from './migration.ts'

// What a machine costs at a provider; null, as for those that were there before: nobody has said.

export const prices: Migration = {
  version: 11,
  name: 'prices',
  statements: () => ['alter table providers add column prices text'],
}
