// When a platform sleeps, until when it is wanted, and when it may be worked on.

import { etag, requireMatch } from '../../http/etag.ts'
import { ok } from '../../http/reply.ts'
import { id, z } from '../../http/schema.ts'
import type { PlatformId } from '../../kernel/ids.ts'
import type { Db, Tx } from '../../store/index.ts'
import { endpoint, type GantryKit } from '../endpoint.ts'
import { getPlatform, type PlatformRow } from '../platforms/index.ts'
import type { Rooms } from '../rooms.ts'
import {
  AutoUpgrade,
  AutoUpgradePut,
  Lease,
  LeasePut,
  Schedule,
  SchedulePut,
  setAutoUpgrade,
  setLease,
  setSchedule,
  setWindow,
  showAutoUpgrade,
  showLease,
  showSchedule,
  showWindow,
  Window,
  WindowPut,
} from '../terms/index.ts'

const params = z.object({ platform: id('platform') })
const about = ({ platform }: z.output<typeof params>) => ({ kind: 'platform', id: platform }) as const
const asIs = 'Its ETag is that of the platform.'

async function shown<T>(
  rooms: Rooms,
  scope: GantryKit['Scope'],
  platform: PlatformId,
  show: (db: Db, row: PlatformRow) => Promise<T>,
) {
  const row = await getPlatform(rooms.store.read, scope, platform)
  return ok(await show(rooms.store.read, row), { etag: etag(row.version) })
}

/** Writes it and raises the platform's version. */
async function put<T>(
  tx: Tx,
  scope: GantryKit['Scope'],
  platform: PlatformId,
  ifMatch: string | undefined,
  set: (row: PlatformRow) => Promise<void>,
  show: (db: Db, row: PlatformRow) => Promise<T>,
) {
  const row = await getPlatform(tx, scope, platform)
  requireMatch(ifMatch, row.version)
  await set(row)
  const version = row.version + 1
  await tx.updateTable('platforms').set({ version }).where('id', '=', row.id).execute()
  return ok(await show(tx, row), { etag: etag(version) })
}

const scheduleOf = (now: number) => (db: Db, row: PlatformRow) => showSchedule(db, row.id, now)
const windowOf = (now: number) => (db: Db, row: PlatformRow) => showWindow(db, row.id, now)

export const calendarEndpoints = [
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/schedule',
    operationId: 'getSchedule',
    summary: 'When a platform hibernates and wakes',
    description: asIs,
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'Its schedule.', schema: Schedule, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, { scope, params: { platform } }) =>
      shown(rooms, scope, platform, scheduleOf(rooms.seams.clock.now())),
  }),
  endpoint({
    method: 'put',
    path: '/v1/platforms/{platform}/schedule',
    operationId: 'setSchedule',
    summary: 'Have a platform hibernate and wake by the clock',
    description:
      'Of what was due while Gantry did not run, the last is done once. What the platform is in no state for is done as soon as it is.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    body: SchedulePut,
    matches: true,
    answers: { 200: { description: 'Its schedule.', schema: Schedule, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, call) =>
      call.commit((tx) => {
        const now = rooms.seams.clock.now()
        const set = (row: PlatformRow) => setSchedule(tx, row.id, call.body, now)
        return put(tx, call.scope, call.params.platform, call.ifMatch, set, scheduleOf(now))
      }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/lease',
    operationId: 'getLease',
    summary: 'Until when a platform is wanted',
    description: asIs,
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'Its lease.', schema: Lease, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, { scope, params: { platform } }) => shown(rooms, scope, platform, showLease),
  }),
  endpoint({
    method: 'put',
    path: '/v1/platforms/{platform}/lease',
    operationId: 'setLease',
    summary: 'Set, renew or end the lease of a platform',
    description:
      'Events remind 7 days, 1 day and 1 hour before it expires. Then its machines are stopped, where that is possible, and after the grace it is deleted. The grace counts only while Gantry watches, so that no wrong clock deletes anything.',
    tag: 'platforms',
    permission: 'platform.delete',
    about,
    params,
    body: LeasePut,
    matches: true,
    answers: { 200: { description: 'Its lease.', schema: Lease, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, call) =>
      call.commit((tx) => {
        const set = (row: PlatformRow) => setLease(tx, rooms.seams, call.scope.actor, row, call.body)
        return put(tx, call.scope, call.params.platform, call.ifMatch, set, showLease)
      }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/auto-upgrade',
    operationId: 'getAutoUpgrade',
    summary: 'Which new versions of its blueprint a platform follows by itself',
    description: asIs,
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'What it follows, and what is next.', schema: AutoUpgrade, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, { scope, params: { platform } }) => {
      const now = rooms.seams.clock.now()
      return shown(rooms, scope, platform, (db, row) => showAutoUpgrade(db, scope, row, now))
    },
  }),
  endpoint({
    method: 'put',
    path: '/v1/platforms/{platform}/auto-upgrade',
    operationId: 'setAutoUpgrade',
    summary: 'Have a platform follow new versions of its blueprint by itself',
    description:
      'In its window, by the same rollout as any change: canaries first, stopped at the first failure with a problem. Once begun it goes through, past the end of the window. A version that stopped or was taken back is not tried again until this is set anew.',
    tag: 'platforms',
    permission: 'platform.write',
    about,
    params,
    body: AutoUpgradePut,
    matches: true,
    answers: { 200: { description: 'What it follows, and what is next.', schema: AutoUpgrade, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, call) =>
      call.commit((tx) => {
        const now = rooms.seams.clock.now()
        const set = (row: PlatformRow) => setAutoUpgrade(tx, row.id, call.body)
        const show = (db: Db, row: PlatformRow) => showAutoUpgrade(db, call.scope, row, now)
        return put(tx, call.scope, call.params.platform, call.ifMatch, set, show)
      }),
  }),
  endpoint({
    method: 'get',
    path: '/v1/platforms/{platform}/maintenance-window',
    operationId: 'getMaintenanceWindow',
    summary: 'When a platform may be worked on',
    description: asIs,
    tag: 'platforms',
    permission: 'platform.read',
    about,
    params,
    answers: { 200: { description: 'Its window.', schema: Window, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, { scope, params: { platform } }) =>
      shown(rooms, scope, platform, windowOf(rooms.seams.clock.now())),
  }),
  endpoint({
    method: 'put',
    path: '/v1/platforms/{platform}/maintenance-window',
    operationId: 'setMaintenanceWindow',
    summary: 'Say when a platform may be worked on',
    description: 'For what nobody asked for at that moment and what can wait; what is lost is repaired at any time.',
    tag: 'platforms',
    permission: 'platform.operate',
    about,
    params,
    body: WindowPut,
    matches: true,
    answers: { 200: { description: 'Its window.', schema: Window, headers: ['ETag'] } },
    problems: [],
    handle: (rooms, call) =>
      call.commit((tx) => {
        const now = rooms.seams.clock.now()
        const set = (row: PlatformRow) => setWindow(tx, row.id, call.body)
        return put(tx, call.scope, call.params.platform, call.ifMatch, set, windowOf(now))
      }),
  }),
]
