import type { Migration } from './migration.ts'

// Hosts that are to be empty. One maintenance at a time lasts on a host; those that ended are history.

export const maintenance: Migration = {
  version: 5,
  name: 'maintenance',
  statements: () => [
    `create table maintenances (id text primary key, provider_id text not null references providers (id),
      host text not null, reason text, actor text not null, machines bigint not null, started_at bigint not null,
      emptied_at bigint, ended_at bigint)`,
    'create unique index maintenances_lasting on maintenances (provider_id, host) where ended_at is null',
    'create index maintenances_host on maintenances (provider_id, host)',
  ],
}
