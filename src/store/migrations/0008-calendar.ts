import type { Migration } from './migration.ts'

// What a platform is to do at which time, beside the platform because few have any of it.

export const calendar: Migration = {
  version: 8,
  name: 'calendar',
  statements: () => [
    `create table schedules (platform_id text primary key references platforms (id), hibernate_cron text, wake_cron text,
      time_zone text not null, seen_at bigint not null, pending text)`,
    `create table leases (platform_id text primary key references platforms (id), expires_at bigint not null,
      grace_ms bigint not null, reminded text not null, expired_at bigint, hibernated integer not null, watched text)`,
    `create table maintenance_windows (platform_id text primary key references platforms (id), cron text not null,
      time_zone text not null, duration_ms bigint not null)`,
  ],
}
