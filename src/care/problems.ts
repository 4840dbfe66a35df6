// Named problems: opened once, told by an event, resolved by an event. Opening an open one changes nothing.

import { appendEvent } from '../events/index.ts'
import { type MachineId, newId, type PlatformId, type ProjectId, type TenantId } from '../kernel/ids.ts'
import type { ProblemCode } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Db, Tx } from '../store/store.ts'
import { careActor } from './decision.ts'

export interface ProblemPlace {
  readonly id: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
}

export interface NewProblem {
  /** A member with its incarnation, or `platform`. */
  readonly subject: string
  readonly machineId: MachineId | null
  readonly code: ProblemCode
  readonly detail: string
  readonly resolutions: readonly string[]
}

/** True when it was not open before. */
export async function openProblem(tx: Tx, seams: Seams, place: ProblemPlace, problem: NewProblem): Promise<boolean> {
  const known = await findOpen(tx, place.id, problem.subject, problem.code)
  if (known !== undefined) return false
  const id = newId('problem', seams)
  await tx
    .insertInto('problems')
    .values({
      id,
      platform_id: place.id,
      machine_id: problem.machineId,
      subject: problem.subject,
      code: problem.code,
      detail: problem.detail,
      resolutions: JSON.stringify(problem.resolutions),
      since: seams.clock.now(),
      resolved_at: null,
      resolution: null,
    })
    .execute()
  await tell(tx, seams, place, 'problem.opened', problem, problem.detail)
  return true
}

/** True when it was open. */
export async function resolveProblem(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  problem: Pick<NewProblem, 'subject' | 'code' | 'machineId'>,
  resolution: string,
): Promise<boolean> {
  const known = await findOpen(tx, place.id, problem.subject, problem.code)
  if (known === undefined) return false
  await tx.updateTable('problems').set({ resolved_at: seams.clock.now(), resolution }).where('id', '=', known).execute()
  await tell(tx, seams, place, 'problem.resolved', problem, resolution)
  return true
}

async function findOpen(db: Db, platformId: PlatformId, subject: string, code: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('problems')
    .select('id')
    .where('platform_id', '=', platformId)
    .where('subject', '=', subject)
    .where('code', '=', code)
    .where('resolved_at', 'is', null)
    .executeTakeFirst()
  return row?.id
}

async function tell(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  kind: 'problem.opened' | 'problem.resolved',
  problem: Pick<NewProblem, 'subject' | 'code' | 'machineId'>,
  cause: string,
): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'platform', id: place.id },
    tenant: place.tenantId,
    project: place.projectId,
    platform: place.id,
    machine: problem.machineId,
    actor: careActor,
    cause,
    data: { code: problem.code, about: problem.subject },
  })
}
