// Going on after a person stepped in: from held, or with what is blocked.

import type { Scope } from '../../access/index.ts'
import { noteRetry, resolveProblem } from '../../care/index.ts'
import { isStill, makeDue, resumePlatform, retryBlocked } from '../../engine/index.ts'
import { moveTask } from '../../events/index.ts'
import type { TaskId } from '../../kernel/ids.ts'
import { ProblemError } from '../../kernel/problem.ts'
import type { TaskKind } from '../../kernel/requests.ts'
import type { Tx } from '../../store/index.ts'
import type { Rooms } from '../rooms.ts'
import { createTask, openTask } from '../tasks/index.ts'
import { openProblems, type PlatformRow } from './store.ts'

/** Goes on from held or paused, under a new task. Throws wrong_state for a platform that is neither. */
export async function goOn(
  rooms: Pick<Rooms, 'seams'>,
  tx: Tx,
  scope: Scope,
  row: PlatformRow,
  kind: 'platform.resume' | 'platform.retry' = 'platform.resume',
): Promise<TaskId> {
  if (!isStill(row.state)) {
    throw new ProblemError({
      code: 'wrong_state',
      detail: `Platform ${row.name} is ${row.state}; only one that is held or paused can be resumed.`,
      facts: { platform: row.id, state: row.state },
      next:
        row.state === 'blocked'
          ? `Try again what is blocked:  gantry platform retry ${row.name}`
          : row.state === 'hibernated'
            ? `Start its machines again:  gantry platform wake ${row.name}`
            : `What it does now:  gantry explain ${row.name}`,
    })
  }
  const task = await newTask(rooms, tx, scope, row, kind)
  await resumePlatform(tx, rooms.seams, row.id, { actor: scope.actor, cause: kind, task })
  return task
}

/**
 * Tries now what is blocked. A task that is only blocked goes on; where the last one has ended, a new one follows it.
 * Throws wrong_state when nothing is blocked.
 */
export async function tryAgain(rooms: Pick<Rooms, 'seams'>, tx: Tx, scope: Scope, row: PlatformRow): Promise<TaskId> {
  const { seams } = rooms
  const because = { actor: scope.actor, cause: 'platform.retry' }
  const problems = await openProblems(tx, row.id)
  const place = { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
  if (isStill(row.state)) {
    await noteRetry(tx, seams, place, scope.actor)
    return goOn(rooms, tx, scope, row, 'platform.retry')
  }
  const retried = await retryBlocked(tx, seams, row.id, because)
  if (row.state === 'deleted' || retried + problems.length === 0) throw nothingBlocked(row)
  const stopped = { subject: 'platform', code: 'rollout_stopped', machineId: null } as const
  await resolveProblem(tx, seams, place, stopped, 'retry')
  await noteRetry(tx, seams, place, scope.actor)
  await makeDue(tx, row.id, seams.clock.now())
  const open = await openTask(tx, row.id)
  if (open === null) return newTask(rooms, tx, scope, row, 'platform.retry')
  // Told at once: who waits for the task must not take its block of before for the answer.
  await moveTask(tx, seams, { task: open, to: 'running', reason: null, problem: null, ...because })
  return open
}

function newTask(
  { seams }: Pick<Rooms, 'seams'>,
  tx: Tx,
  scope: Scope,
  row: PlatformRow,
  kind: TaskKind,
): Promise<TaskId> {
  return createTask(tx, scope, seams, {
    kind,
    tenant: row.tenant_id,
    project: row.project_id,
    platform: row.id,
    generation: row.generation,
  })
}

function nothingBlocked(row: PlatformRow): ProblemError {
  return new ProblemError({
    code: 'wrong_state',
    detail: `Nothing of platform ${row.name} is blocked; it is ${row.state}.`,
    facts: { platform: row.id, state: row.state },
    next:
      row.state === 'deleted'
        ? `What became of it:  gantry history ${row.name}`
        : `What it waits for, and when it is tried:  gantry explain ${row.name}`,
  })
}
