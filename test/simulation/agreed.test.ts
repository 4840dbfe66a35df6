// Each promise of agreed.ts is seen to be broken when it is: no history of a right product shows that.

import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { openAgreed } from './agreed.ts'
import type { EventRow } from './branches.ts'
import { Counters } from './counters.ts'
import type { Violation } from './violation.ts'

const startedAt = Date.UTC(2026, 0, 1)
const minuteMs = 60_000

function watching() {
  const database = new Database(':memory:')
  database.exec(`
    create table platforms (id, name, want, deletion_protection);
    create table leases (platform_id, expires_at, grace_ms);
    create table maintenance_windows (platform_id, cron, time_zone, duration_ms);
    create table schedules (platform_id, hibernate_cron, wake_cron, time_zone);
    create table maintenances (host, ended_at, deadline_at);
    create table machines (id, host);
    create table members (id, machine_id);
    insert into platforms values ('p', 'team-a', 'present', 1);
    insert into leases values ('p', ${startedAt + minuteMs}, ${minuteMs});
    insert into maintenance_windows values ('p', '1-59/4 * * * *', 'UTC', ${minuteMs});
    insert into schedules values ('p', '2 * * * *', '4 * * * *', 'UTC')`)
  const broken: string[] = []
  const fail = ({ invariant }: Violation) => broken.push(invariant)
  const agreed = openAgreed({ database, counters: new Counters(), startedAt, fail })
  const tell = (minutes: number, kind: string, more: Partial<EventRow> = {}) =>
    agreed.see({
      seq: 1,
      at: startedAt + minutes * minuteMs,
      kind,
      subject_id: 'p',
      platform_id: 'p',
      step: null,
      from_state: null,
      to_state: null,
      cause: null,
      data: '{}',
      ...more,
    })
  tell(0, 'platform.created')
  return { broken, tell, restAt: (minutes: number) => agreed.check(startedAt + minutes * minuteMs) }
}

const deleting = { from_state: 'ready', to_state: 'deleting' }
const sleep = { data: '{"action":"hibernate"}' }

test('a protected platform that is deleted is found, and one whose protection was taken away is not', () => {
  const { broken, tell } = watching()
  tell(1, 'platform.state', deleting)
  expect(broken).toEqual(['protection-kept'])
  tell(2, 'platform.changed', { data: '{"deletionProtection":false}' })
  tell(3, 'platform.state', deleting)
  expect(broken).toEqual(['protection-kept'])
})

test('a lease that ends a platform before its grace is over, or after it was renewed, is found', () => {
  const { broken, tell } = watching()
  tell(1, 'lease.expired')
  tell(2, 'lease.ended')
  expect(broken).toEqual([])
  tell(1.5, 'lease.ended')
  tell(1.6, 'lease.renewed')
  tell(5, 'lease.ended')
  tell(0.5, 'lease.expired')
  expect(broken).toEqual(['lease-kept', 'lease-kept', 'lease-kept'])
})

test('a schedule that fires twice, for what was not due, or not at all is found', () => {
  const { broken, tell, restAt } = watching()
  tell(2.1, 'schedule.due', sleep)
  restAt(3)
  expect(broken).toEqual([])
  tell(2.2, 'schedule.due', sleep)
  tell(4.1, 'schedule.due', sleep)
  restAt(5)
  expect(broken).toEqual(['schedule-kept', 'schedule-kept', 'schedule-kept'])
})

test('what can wait and is begun outside the window is found', () => {
  const { broken, tell } = watching()
  tell(1.5, 'upgrade.begun')
  tell(5.5, 'member.state', { to_state: 'leaving', cause: 'maintenance' })
  expect(broken).toEqual([])
  tell(2.5, 'upgrade.begun')
  tell(6.5, 'member.state', { to_state: 'leaving', cause: 'maintenance' })
  expect(broken).toEqual(['window-kept', 'window-kept'])
})
