// The one door to hosts.reserved_* and machines.capacity_held, which change together or not at all. Held from
// the decision on, before anything is created, until the machine is proven gone.

import type { MachineId, ProviderId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Flag } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import { totalOf } from './overcommit.ts'

interface MachineRow {
  readonly provider_id: ProviderId
  readonly host: string | null
  readonly cpu: number
  readonly memory_bytes: number
  readonly disk_bytes: number
  readonly capacity_held: Flag
}

/**
 * Holds a machine's capacity on its host; holding twice holds once. Throws 'no_capacity' when the host cannot
 * take it any more (undo the whole transaction and place again), 'not_found' for an unknown machine.
 */
export async function reserveCapacity(tx: Tx, machine: MachineId): Promise<void> {
  const row = await machineRow(tx, machine)
  if (row.capacity_held === 1) return
  await shift(tx, row, row.host, 1)
  await mark(tx, machine, 1)
  if (row.host !== null) await assertNotOverfull(tx, row.provider_id, row.host)
}

/** Gives a machine's capacity back, on proof of gone; giving back twice gives back once. */
export async function releaseCapacity(tx: Tx, machine: MachineId): Promise<void> {
  const row = await machineRow(tx, machine)
  if (row.capacity_held === 0) return
  await shift(tx, row, row.host, -1)
  await mark(tx, machine, 0)
}

/**
 * Writes where a machine was seen; what it holds goes with it. A fact is never refused: a host may so become
 * fuller than full, and one we never heard of is noted as unreachable until an inventory tells more.
 */
export async function moveCapacity(
  tx: Tx,
  machine: MachineId,
  to: { readonly zone: string; readonly host: string | null },
): Promise<void> {
  const row = await machineRow(tx, machine)
  if (row.capacity_held === 1 && row.host !== to.host) {
    await shift(tx, row, row.host, -1)
    if (to.host !== null) await noteUnknownHost(tx, row.provider_id, to.host, to.zone)
    await shift(tx, row, to.host, 1)
  }
  await tx.updateTable('machines').set({ zone: to.zone, host: to.host }).where('id', '=', machine).execute()
}

const selectMachine = statement((db, { machine }: { machine: MachineId }) =>
  db
    .selectFrom('machines')
    .select(['provider_id', 'host', 'cpu', 'memory_bytes', 'disk_bytes', 'capacity_held'])
    .where('id', '=', machine),
)

async function machineRow(tx: Tx, machine: MachineId): Promise<MachineRow> {
  const row = await selectMachine.first(tx, { machine })
  if (!row)
    throw new ProblemError({ code: 'not_found', detail: `There is no machine ${machine}.`, next: 'Check the id.' })
  return row
}

const updateReserved = statement(
  (db, more: { provider: ProviderId; host: string; cpu: number; memory: number; disk: number }) =>
    db
      .updateTable('hosts')
      .set((set) => ({
        reserved_cpu: set('reserved_cpu', '+', more.cpu),
        reserved_memory_bytes: set('reserved_memory_bytes', '+', more.memory),
        reserved_disk_bytes: set('reserved_disk_bytes', '+', more.disk),
      }))
      .where('provider_id', '=', more.provider)
      .where('name', '=', more.host),
)

/** A zone that does not show its hosts has nothing to count. */
async function shift(tx: Tx, row: MachineRow, host: string | null, by: 1 | -1): Promise<void> {
  if (host === null) return
  const more = { cpu: by * row.cpu, memory: by * row.memory_bytes, disk: by * row.disk_bytes }
  if ((await updateReserved.run(tx, { provider: row.provider_id, host, ...more })) === 0)
    throw noCapacity(host, 'is not known any more')
}

const updateHeld = statement((db, { machine, capacity_held }: { machine: MachineId; capacity_held: Flag }) =>
  db.updateTable('machines').set({ capacity_held }).where('id', '=', machine),
)

async function mark(tx: Tx, machine: MachineId, capacity_held: Flag): Promise<void> {
  await updateHeld.run(tx, { machine, capacity_held })
}

const selectHost = statement((db, { provider, host }: { provider: ProviderId; host: string }) =>
  db
    .selectFrom('hosts')
    .innerJoin('providers', 'providers.id', 'hosts.provider_id')
    .selectAll('hosts')
    .select('providers.overcommit')
    .where('provider_id', '=', provider)
    .where('hosts.name', '=', host),
)

async function assertNotOverfull(tx: Tx, provider: ProviderId, host: string): Promise<void> {
  const row = await selectHost.first(tx, { provider, host })
  if (!row) throw noCapacity(host, 'is not known any more')
  const total = totalOf(row, row.overcommit)
  if (!total) return
  const fits =
    row.reserved_cpu + row.others_cpu <= total.cpu &&
    row.reserved_memory_bytes + row.others_memory_bytes <= total.memoryBytes &&
    row.reserved_disk_bytes + row.others_disk_bytes <= total.diskBytes
  if (!fits) throw noCapacity(host, 'was filled meanwhile')
}

async function noteUnknownHost(tx: Tx, provider: ProviderId, name: string, zone: string): Promise<void> {
  await tx
    .insertInto('hosts')
    .values({
      provider_id: provider,
      name,
      zone,
      cpu: 0,
      memory_bytes: 0,
      disk_bytes: 0,
      others_cpu: 0,
      others_memory_bytes: 0,
      others_disk_bytes: 0,
      reserved_cpu: 0,
      reserved_memory_bytes: 0,
      reserved_disk_bytes: 0,
      state: 'unreachable',
      seen_at: 0,
    })
    .onConflict((conflict) => conflict.columns(['provider_id', 'name']).doNothing())
    .execute()
}

function noCapacity(host: string, why: string): ProblemError {
  return new ProblemError({
    code: 'no_capacity',
    detail: `Host ${host} ${why}.`,
    facts: { host },
    next: 'Ask again: placement looks for another host.',
  })
}
