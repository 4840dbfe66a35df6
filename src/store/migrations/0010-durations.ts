import type { Migration } from './migration.ts'

// How long finished work took, by blueprint and kind of task and by nothing that names whose it was.

export const durations: Migration = {
  version: 10,
  name: 'durations',
  statements: () => [
    `create table durations (task_id text primary key, blueprint text not null, blueprint_version text not null,
      kind text not null, provider_kinds text not null, machines integer not null, seconds double precision not null,
      ended_at bigint not null)`,
    'create index durations_of on durations (blueprint, kind, provider_kinds, ended_at)',
  ],
}
