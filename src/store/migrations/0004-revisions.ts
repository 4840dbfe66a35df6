import type { Migration } from './migration.ts'

// What a platform was asked to be, wish by wish, and which of them each member follows: a rollout moves its members from
// one to the next, and the way back is the same with the two exchanged.

export const revisions: Migration = {
  version: 4,
  name: 'revisions',
  statements: () => [
    `create table revisions (platform_id text not null references platforms (id), number integer not null,
      blueprint_digest text not null references blueprints (digest), spec text not null, kind text not null,
      renews integer not null default 0, actor text not null, created_at integer not null, settled_at integer,
      primary key (platform_id, number))`,
    'alter table members add column revision integer not null default 1',
    // Before revisions a platform had one wish, its first; a deletion raised the number and wished nothing.
    `insert into revisions (platform_id, number, blueprint_digest, spec, kind, renews, actor, created_at, settled_at)
      select id, 1, blueprint_digest, spec, 'create', 0, 'gantry', created_at, ready_at from platforms`,
  ],
}
