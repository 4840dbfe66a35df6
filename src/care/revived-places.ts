// A host or a zone that was dead and is back: its problem is over, whatever is still down there. Who comes to mend hosts has
// mended it; machines that are down still have problems of their own from then on, which the next look at them tells.

import { endProblem } from '../events/index.ts'
import type { MachineId, ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Tx } from '../store/store.ts'
import { isCalledDead, ranThere, thereAgain } from './dead-places.ts'
import { careActor } from './decision.ts'

/** Hosts, or zones that do not show theirs, that their provider called dead and calls so no more. */
export async function endRevived(tx: Tx, seams: Seams, provider: ProviderId, names: readonly string[]): Promise<void> {
  const hosts = await tx
    .selectFrom('hosts')
    .select(['name', 'zone'])
    .where('provider_id', '=', provider)
    .where('name', 'in', names)
    .execute()
  for (const host of hosts) await endPlace(tx, seams, provider, host, thereAgain)
}

/** This machine runs, so its host does, unless its provider calls that dead. */
export async function endRevivedBy(tx: Tx, seams: Seams, machine: MachineId): Promise<void> {
  const row = await tx
    .selectFrom('machines')
    .innerJoin('hosts', (join) =>
      join
        .onRef('hosts.provider_id', '=', 'machines.provider_id')
        .on((on) => on('hosts.name', '=', on.fn.coalesce('machines.host', 'machines.zone'))),
    )
    .select(['machines.provider_id', 'hosts.name', 'hosts.zone', 'hosts.state'])
    .where('machines.id', '=', machine)
    .executeTakeFirst()
  if (row && !isCalledDead(row)) await endPlace(tx, seams, row.provider_id, row, ranThere)
}

/**
 * Ends what is open of the host, and of its zone, which is not dead either. Who ignored it ignored the death of these
 * machines, which lasts until they are back themselves: they may hold what must not be made anew.
 */
async function endPlace(
  tx: Tx,
  seams: Seams,
  provider: ProviderId,
  { name, zone }: { readonly name: string; readonly zone: string },
  cause: string,
): Promise<void> {
  const open = await tx
    .selectFrom('problems')
    .innerJoin('platforms', 'platforms.id', 'problems.platform_id')
    .select(['problems.id', 'platform_id', 'platforms.tenant_id', 'platforms.project_id'])
    .where('provider_id', '=', provider)
    .where('resolved_at', 'is', null)
    .where((where) =>
      where.or([where('place', '=', name), where.and([where('place', '=', zone), where('code', '=', 'zone_dead')])]),
    )
    .execute()
  for (const { id, ...row } of open) {
    const owner = { id: row.platform_id, tenantId: row.tenant_id, projectId: row.project_id }
    await endProblem(tx, seams, owner, id, { actor: careActor, cause })
  }
}
