// Hosts in maintenance by our own admins: nothing new goes there. What a provider reports of a host is another thing, and
// stays as it reports it.

import type { ProviderId } from '../kernel/ids.ts'
import type { MaintenanceTable } from '../store/schema.ts'
import type { Db } from '../store/store.ts'

/** Maintenances that last, of this provider or of all. */
export async function lastingMaintenances(db: Db, provider?: ProviderId): Promise<MaintenanceTable[]> {
  let query = db.selectFrom('maintenances').selectAll().where('ended_at', 'is', null)
  if (provider !== undefined) query = query.where('provider_id', '=', provider)
  return query.orderBy('started_at').execute()
}

/** Whether a machine of this place is on the host: machines of a zone that does not show its hosts are on the zone. */
export function isOn(
  machine: { readonly providerId: ProviderId; readonly zone: string; readonly host: string | null },
  place: { readonly provider_id: ProviderId; readonly host: string },
): boolean {
  return machine.providerId === place.provider_id && (machine.host ?? machine.zone) === place.host
}
