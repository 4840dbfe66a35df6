import type { Migration } from './migration.ts'

// A platform that hibernates, and when it is to: beside the platform, because few have any of it.

export const rest: Migration = {
  version: 6,
  name: 'rest',
  statements: () => [
    `create table hibernations (platform_id text primary key references platforms (id), power text not null,
      members text not null, task_id text not null references tasks (id))`,
  ],
}
