import type { Migration } from './migration.ts'

// A problem may be about a host or a zone, and carries the machines of the platform that are down with it.

export const deadPlaces: Migration = {
  version: 12,
  name: 'dead places',
  statements: () => [
    'alter table problems add column provider_id text',
    'alter table problems add column place text',
    `create table problem_machines (problem_id text not null references problems (id), machine_id text not null,
      member text not null, primary key (problem_id, machine_id))`,
    'create index problem_machines_of on problem_machines (machine_id)',
    'create index problems_of_place on problems (provider_id) where provider_id is not null and resolved_at is null',
  ],
}
