// Named problems: opened once, told by an event, resolved by an event. Opening an open one changes at most what may be chosen. When its
// object goes, a problem ends by itself (events/problems.ts).

import { type ProblemOwner, tellProblem } from '../events/index.ts'
import { type MachineId, newId, type PlatformId } from '../kernel/ids.ts'
import type { NamedProblemCode } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Db, Tx } from '../store/store.ts'
import { careActor } from './decision.ts'

/** The platform that has a problem. */
export type ProblemPlace = ProblemOwner

export interface NewProblem {
  /** A member with its incarnation, or `platform`. */
  readonly subject: string
  readonly machineId: MachineId | null
  readonly code: NamedProblemCode
  readonly detail: string
  readonly resolutions: readonly string[]
}

/** True when it was not open before. */
export async function openProblem(tx: Tx, seams: Seams, place: ProblemPlace, problem: NewProblem): Promise<boolean> {
  const known = await findOpen(tx, place.id, problem.subject, problem.code)
  const resolutions = JSON.stringify(problem.resolutions)
  if (known !== undefined) {
    // What may be chosen changes with what is known of it; what is told of it is not told again.
    await updateOffered.run(tx, { id: known, detail: problem.detail, resolutions })
    return false
  }
  if (await isIgnored(tx, place.id, problem)) return false
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
      resolutions,
      since: seams.clock.now(),
      resolved_at: null,
      resolution: null,
      provider_id: null,
      place: null,
    })
    .execute()
  await tellProblem(tx, seams, place, 'problem.opened', problem, { actor: careActor, cause: problem.detail })
  return true
}

/** True when it was open. */
export async function resolveProblem(
  tx: Tx,
  seams: Seams,
  place: ProblemPlace,
  problem: Pick<NewProblem, 'subject' | 'code' | 'machineId'>,
  resolution: string,
  actor: string = careActor,
): Promise<boolean> {
  await forgetIgnoring(tx, place.id, problem)
  const known = await findOpen(tx, place.id, problem.subject, problem.code)
  if (known === undefined) return false
  await tx.updateTable('problems').set({ resolved_at: seams.clock.now(), resolution }).where('id', '=', known).execute()
  await tellProblem(tx, seams, place, 'problem.resolved', problem, { actor, cause: resolution })
  return true
}

/** How a problem ends whose check was taken out of the blueprint. */
export const checkedNoMore = 'its blueprint checks it no more'

/** What becomes of a resolution `ignore` when it is over: what comes again is told again. */
export const overIgnored = 'ignored until it was over'

/** About a machine that works: who ignores it has not said that it may die. */
const worksAllTheSame = ['machine_changed', 'platform_unhealthy', 'step_drifted'] as const

const selectIgnored = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('problems')
    .leftJoin('problem_machines', 'problem_machines.problem_id', 'problems.id')
    .select(['problems.machine_id', 'problem_machines.machine_id as carried'])
    .where('platform_id', '=', platform)
    .where('resolution', '=', 'ignore')
    .where('code', 'not in', worksAllTheSame),
)

/** Machines whose illness a person chose to ignore: they are not made anew by themselves. */
export async function ignoredMachines(db: Db, platform: PlatformId): Promise<ReadonlySet<string>> {
  const rows = await selectIgnored.all(db, { platform })
  return new Set(rows.flatMap(({ machine_id, carried }) => machine_id ?? carried ?? []))
}

/** The machines that a problem of a host or a zone carries. */
export async function carriedBy(db: Db, problem: string): Promise<MachineId[]> {
  const rows = await db
    .selectFrom('problem_machines')
    .select('machine_id')
    .where('problem_id', '=', problem)
    .orderBy('member')
    .execute()
  return rows.map(({ machine_id }) => machine_id)
}

interface Offered {
  readonly id: string
  readonly detail: string
  readonly resolutions: string
}

interface Named {
  readonly platform: PlatformId
  readonly subject: string
  readonly code: string
}

const selectIgnoring = statement((db, { platform, subject, code }: Named) =>
  db
    .selectFrom('problems')
    .select('id')
    .where('platform_id', '=', platform)
    .where('subject', '=', subject)
    .where('code', '=', code)
    .where('resolution', '=', 'ignore'),
)
const updateIgnoring = statement((db, { platform, subject, code }: Named) =>
  db
    .updateTable('problems')
    .set({ resolution: overIgnored })
    .where('platform_id', '=', platform)
    .where('subject', '=', subject)
    .where('code', '=', code)
    .where('resolution', '=', 'ignore'),
)
const updateOffered = statement((db, { id, detail, resolutions }: Offered) =>
  db.updateTable('problems').set({ detail, resolutions }).where('id', '=', id).where('resolutions', '!=', resolutions),
)
const selectOpen = statement((db, { platform, subject, code }: Named) =>
  db
    .selectFrom('problems')
    .select('id')
    .where('platform_id', '=', platform)
    .where('subject', '=', subject)
    .where('code', '=', code)
    .where('resolved_at', 'is', null),
)

async function isIgnored(db: Db, platform: PlatformId, { subject, code }: Pick<NewProblem, 'subject' | 'code'>) {
  return (await selectIgnoring.first(db, { platform, subject, code })) !== undefined
}

/** It is over: when it comes again it is told again. */
async function forgetIgnoring(tx: Tx, platform: PlatformId, { subject, code }: Pick<NewProblem, 'subject' | 'code'>) {
  await updateIgnoring.run(tx, { platform, subject, code })
}

async function findOpen(db: Db, platformId: PlatformId, subject: string, code: string): Promise<string | undefined> {
  const row = await selectOpen.first(db, { platform: platformId, subject, code })
  return row?.id
}
