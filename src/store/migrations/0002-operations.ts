import type { Migration } from './migration.ts'

// One row per run of an operation, beside its task: what was decided when it was asked for, and what came of it.

export const operations: Migration = {
  version: 2,
  name: 'operations',
  statements: () => [
    `create table operations (task_id text primary key references tasks (id),
      platform_id text not null references platforms (id), blueprint_digest text not null references blueprints (digest),
      mode text not null, parameters text not null, input text not null, outputs text not null)`,
    'create index operations_platform on operations (platform_id)',
  ],
}
