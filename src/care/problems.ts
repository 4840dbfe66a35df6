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
  if (known !== undefined || (await isIgnored(tx, place.id, problem))) return false
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
  await forgetIgnoring(tx, place.id, problem)
  const known = await findOpen(tx, place.id, problem.subject, problem.code)
  if (known === undefined) return false
  await tx.updateTable('problems').set({ resolved_at: seams.clock.now(), resolution }).where('id', '=', known).execute()
  await tell(tx, seams, place, 'problem.resolved', problem, resolution)
  return true
}

/** About a machine that works: who ignores it has not said that it may die. */
const worksAllTheSame = ['machine_changed', 'platform_unhealthy', 'step_drifted'] as const

/** Machines whose illness a person chose to ignore: they are not made anew by themselves. */
export async function ignoredMachines(db: Db, platform: PlatformId): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('problems')
    .select('machine_id')
    .where('platform_id', '=', platform)
    .where('resolution', '=', 'ignore')
    .where('machine_id', 'is not', null)
    .where('code', 'not in', worksAllTheSame)
    .execute()
  return new Set(rows.flatMap(({ machine_id }) => machine_id ?? []))
}

async function isIgnored(db: Db, platform: PlatformId, { subject, code }: Pick<NewProblem, 'subject' | 'code'>) {
  const row = await db
    .selectFrom('problems')
    .select('id')
    .where('platform_id', '=', platform)
    .where('subject', '=', subject)
    .where('code', '=', code)
    .where('resolution', '=', 'ignore')
    .executeTakeFirst()
  return row !== undefined
}

/** It is over: when it comes again it is told again. */
async function forgetIgnoring(tx: Tx, platform: PlatformId, { subject, code }: Pick<NewProblem, 'subject' | 'code'>) {
  await tx
    .updateTable('problems')
    .set({ resolution: 'ignored until it was over' })
    .where('platform_id', '=', platform)
    .where('subject', '=', subject)
    .where('code', '=', code)
    .where('resolution', '=', 'ignore')
    .execute()
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

/** Writes the event of a problem. */
export async function tell(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  kind: 'problem.opened' | 'problem.resolved',
  problem: { readonly subject: string; readonly code: string; readonly machineId: MachineId | null },
  cause: string,
  actor: string = careActor,
): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'platform', id: place.id },
    tenant: place.tenantId,
    project: place.projectId,
    platform: place.id,
    machine: problem.machineId,
    actor,
    cause,
    data: { code: problem.code, about: problem.subject },
  })
}
