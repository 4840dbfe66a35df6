// A platform at rest: paused, nothing is touched; hibernated, its machines are stopped and all it holds is kept.

import type { Scope } from '../../access/index.ts'
import {
  hibernatePlatform,
  isAsleep,
  isStill,
  loadPlatform,
  openTaskStates,
  type PlatformView,
  pausePlatform,
  wakePlatform,
} from '../../engine/index.ts'
import { moveTask } from '../../events/index.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { Db, Tx } from '../../store/index.ts'
import { capabilitiesOf } from '../providers/index.ts'
import type { Rooms } from '../rooms.ts'
import { createTask } from '../tasks/index.ts'
import type { PlatformRow } from './store.ts'

type Needed = Pick<Rooms, 'seams' | 'blueprints'>

/** Nothing is begun on it any more. Pausing again changes nothing. Throws wrong_state for one that goes or is hibernated. */
export async function pause(rooms: Pick<Rooms, 'seams'>, tx: Tx, scope: Scope, row: PlatformRow): Promise<void> {
  if (row.state === 'paused') return
  if (row.want === 'absent') throw wrongState(row, 'paused', `What it does now:  gantry explain ${row.name}`)
  if (row.state === 'hibernated')
    throw wrongState(row, 'paused', `Nothing is touched while it is; to have it run:  gantry platform wake ${row.name}`)
  await pausePlatform(tx, rooms.seams, row.id, { actor: scope.actor, cause: 'platform.pause', task: null })
}

/**
 * Whose machines would be stopped, in this order; null when they are, or are about to be. Throws wrong_state for a platform that is not whole, and
 * power_not_supported where a provider of its machines cannot stop them.
 */
export async function planHibernation(rooms: Needed, db: Db, row: PlatformRow): Promise<PlatformView | null> {
  const view = await loadPlatform(db, rooms.blueprints, row.id)
  if (!view || view.want === 'absent')
    throw wrongState(row, 'hibernated', `What it does now:  gantry explain ${row.name}`)
  if (isAsleep(view)) return null
  if (isStill(view.state)) throw wrongState(row, 'hibernated', `Go on first:  gantry platform resume ${row.name}`)
  const unsettled = [...view.members.values()].find((member) => member.state !== 'in' && member.warmUntil === null)
  if ((view.state !== 'ready' && view.state !== 'degraded') || unsettled || view.hibernation)
    throw wrongState(row, 'hibernated', `Wait until it is ready; what it waits for:  gantry explain ${row.name}`)
  const providers = new Set([...view.members.values()].map(({ machine }) => machine.providerId))
  for (const provider of providers) {
    const { name, capabilities } = await capabilitiesOf(db, provider)
    if (capabilities.power === false) throw cannotStop(row, name)
  }
  return view
}

/** Has its machines stopped, and supersedes what else was asked for. Throws what planHibernation throws. */
export async function hibernate(rooms: Needed, tx: Tx, scope: Scope, row: PlatformRow): Promise<TaskId> {
  const view = await planHibernation(rooms, tx, row)
  if (view === null)
    return (
      (await lastTask(tx, row, 'platform.hibernate')) ??
      Promise.reject(wrongState(row, 'hibernated', `Have it run again:  gantry platform wake ${row.name}`))
    )
  const task = await followed(rooms, tx, scope, row, 'platform.hibernate')
  await hibernatePlatform(tx, rooms.seams, row.id, { actor: scope.actor, cause: 'platform.hibernate', task })
  return task
}

/** Has its machines started again. Throws wrong_state for a platform that neither hibernates nor is about to. */
export async function wake(rooms: Needed, tx: Tx, scope: Scope, row: PlatformRow): Promise<TaskId> {
  const view = await loadPlatform(tx, rooms.blueprints, row.id)
  if (view?.hibernation?.power === 'on') {
    const task = await lastTask(tx, row, 'platform.wake')
    if (task !== null) return task
  }
  if (!view || !isAsleep(view)) throw notAsleep(row)
  const task = await followed(rooms, tx, scope, row, 'platform.wake')
  await wakePlatform(tx, rooms.seams, row.id, { actor: scope.actor, cause: 'platform.wake', task })
  return task
}

/** Why it cannot be woken. */
export function notAsleep(row: PlatformRow): ProblemError {
  return wrongState(row, 'woken', `What it does now:  gantry explain ${row.name}`)
}

async function followed(
  rooms: Needed,
  tx: Tx,
  scope: Scope,
  row: PlatformRow,
  kind: 'platform.hibernate' | 'platform.wake',
): Promise<TaskId> {
  const place = { tenant: row.tenant_id, project: row.project_id, platform: row.id }
  const task = await createTask(tx, scope, rooms.seams, { kind, ...place, generation: row.generation })
  const others = await tx
    .selectFrom('tasks')
    .select('id')
    .where('platform_id', '=', row.id)
    .where('operation', 'is', null)
    .where('id', '!=', task)
    .where('state', 'in', openTaskStates)
    .where('kind', 'in', superseded)
    .execute()
  for (const other of others) {
    const because = { actor: scope.actor, cause: kind }
    await moveTask(tx, rooms.seams, { task: other.id, to: 'superseded', supersededBy: task, ...because })
  }
  return task
}

/** What a later wish of this kind makes pointless; a change that was asked for meanwhile is still wanted after waking. */
const superseded = ['platform.hibernate', 'platform.wake', 'platform.resume', 'platform.retry']

/** The newest of its kind that has not ended, or has ended well. */
async function lastTask(db: Db, row: PlatformRow, kind: string): Promise<TaskId | null> {
  const task = await db
    .selectFrom('tasks')
    .select('id')
    .where('platform_id', '=', row.id)
    .where('kind', '=', kind)
    .where('state', 'in', [...openTaskStates, 'done'])
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst()
  return task?.id ?? null
}

function wrongState(row: PlatformRow, what: 'paused' | 'hibernated' | 'woken', next: string): ProblemError {
  return new ProblemError({
    code: 'wrong_state',
    detail: `Platform ${row.name} is ${row.state}: it cannot be ${what} now.`,
    facts: { platform: row.id, state: row.state },
    next,
  })
}

function cannotStop(row: PlatformRow, provider: string): ProblemError {
  return new ProblemError({
    code: 'power_not_supported',
    detail: `Platform ${row.name} has machines at ${provider}, which cannot stop and start machines.`,
    facts: { platform: row.id, provider },
    next: `To have Gantry leave it alone:  gantry platform pause ${row.name}`,
  })
}
