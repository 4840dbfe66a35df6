import type { Migration } from './migration.ts'

// Platforms that follow new versions of their blueprint by themselves, and until when the moves of a maintenance can wait
// for the windows of platforms; null, as for those that were there before: not at all.

export const upgrades: Migration = {
  version: 13,
  name: 'upgrades',
  statements: () => [
    `create table auto_upgrades (platform_id text primary key references platforms (id), follow text not null,
      tried text, refused_at bigint)`,
    'alter table maintenances add column deadline_at bigint',
  ],
}
