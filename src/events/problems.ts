// Problems end with what they are about. Whoever leaves, and whatever is deleted, takes its problems along: that is done
// where states are written, so nobody who opens a problem need think of all the ways in which its object may go.

import type { MachineId, PlatformId, ProjectId, TenantId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { appendEvent } from './append.ts'

/** Whose problem it is. */
export interface ProblemOwner {
  readonly id: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
}

export interface ToldProblem {
  readonly subject: string
  readonly code: string
  readonly machineId: MachineId | null
}

/** Writes the event of a problem. */
export async function tellProblem(
  tx: Tx,
  seams: Seams,
  place: ProblemOwner,
  kind: 'problem.opened' | 'problem.resolved',
  problem: ToldProblem,
  because: { readonly actor: string; readonly cause: string },
): Promise<void> {
  await appendEvent(tx, seams, {
    kind,
    subject: { kind: 'platform', id: place.id },
    tenant: place.tenantId,
    project: place.projectId,
    platform: place.id,
    machine: problem.machineId,
    actor: because.actor,
    cause: because.cause,
    data: { code: problem.code, about: problem.subject },
  })
}

const openOf = statement((db, { platform }: { platform: PlatformId }) =>
  db
    .selectFrom('problems')
    .select(['id', 'subject', 'code', 'machine_id as machineId'])
    .where('platform_id', '=', platform)
    .where('resolved_at', 'is', null),
)

/** Ends every open problem of a platform, or of one machine of it, whatever its code. `cause` becomes its resolution. */
export async function endProblems(
  tx: Tx,
  seams: Seams,
  of: ProblemOwner & { readonly machine?: MachineId },
  because: { readonly actor: string; readonly cause: string },
): Promise<void> {
  for (const problem of await openOf.all(tx, { platform: of.id })) {
    if (of.machine !== undefined && problem.machineId !== of.machine) continue
    await tx
      .updateTable('problems')
      .set({ resolved_at: seams.clock.now(), resolution: because.cause })
      .where('id', '=', problem.id)
      .execute()
    await tellProblem(tx, seams, of, 'problem.resolved', problem, because)
  }
}
