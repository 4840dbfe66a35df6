// A host or a zone that is dead is one problem of a platform, with the machines it carries, and not as many as it has
// machines there. What was told of one of them before it was known is taken up by it.

import { endCarrying, endProblem, tellPlace, tellProblem } from '../events/index.ts'
import { type MachineId, newId, type PlatformId, type ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { Db, Tx } from '../store/store.ts'
import { type DeadPlace, type DownMachine, deadPlaces, downMachines } from './dead-places.ts'
import { careActor } from './decision.ts'
import { carriedBy, overIgnored, type ProblemPlace } from './problems.ts'
import { endRevivedBy } from './revived-places.ts'

/** What is told of a machine alone, and is part of a dead place's problem. */
const takenUp: readonly string[] = ['machine_dead', 'machine_hung']

/**
 * Names the dead places of a provider to the platforms that have machines down there, new ones or more of them. Answers
 * the machines that need not be told one by one.
 */
export async function tellDeadPlaces(
  tx: Tx,
  seams: Seams,
  provider: ProviderId,
  failed?: ReadonlySet<MachineId>,
): Promise<ReadonlySet<MachineId>> {
  const down = await downMachines(tx, provider)
  const placeOf = await deadPlaces(tx, provider, failed)
  const found = down.flatMap((machine) => {
    const place = placeOf(machine)
    return place === null ? [] : [{ machine, place }]
  })
  for (const here of Map.groupBy(
    found,
    ({ machine, place }) => `${machine.owner.id} ${place.code} ${place.name}`,
  ).values()) {
    const [first] = here
    if (!first) continue
    await tellDead(
      tx,
      seams,
      provider,
      first.place,
      here.map(({ machine }) => machine),
    )
  }
  return new Set(found.map(({ machine }) => machine.id))
}

async function tellDead(
  tx: Tx,
  seams: Seams,
  provider: ProviderId,
  place: DeadPlace,
  machines: readonly DownMachine[],
): Promise<void> {
  const owner = machines[0]?.owner
  if (!owner) return
  const lasting = await lastingProblem(tx, owner.id, provider, place)
  const carried = new Set(lasting ? await carriedBy(tx, lasting.id) : [])
  // Who ignored it ignored the death of these machines, and not of those that came after them.
  const isOver = lasting?.resolved_at != null && !machines.some((machine) => carried.has(machine.id))
  if (lasting && isOver) await unignore(tx, lasting.id)
  const known = isOver ? undefined : lasting
  const id = known?.id ?? newId('problem', seams)
  const fresh = known ? machines.filter((machine) => !carried.has(machine.id)) : machines
  if (fresh.length === 0) return
  const { name } = await tx.selectFrom('providers').select('name').where('id', '=', provider).executeTakeFirstOrThrow()
  const members = machines.map(({ member }) => member)
  const what = place.code === 'zone_dead' ? 'Zone' : 'Host'
  const detail = `${what} ${place.name} of ${name} is dead: ${place.why}. Down with it: ${members.join(', ')}. They are made anew elsewhere where the rules allow it.`
  if (!known) await insertProblem(tx, seams, owner, { id, provider, place, detail })
  else if (known.resolved_at === null) await tx.updateTable('problems').set({ detail }).where('id', '=', id).execute()
  await tx
    .insertInto('problem_machines')
    .values(fresh.map(({ id: machine_id, member }) => ({ problem_id: id, machine_id, member })))
    .execute()
  if (!known) {
    const because = { actor: careActor, cause: detail }
    const told = { subject: place.name, code: place.code, machineId: null, members }
    await tellProblem(tx, seams, owner, 'problem.opened', told, because)
    await tellPlace(tx, seams, { providerId: provider, place: place.name, code: place.code }, 'opened', because)
  }
  await takeUp(tx, seams, place, id, machines)
}

async function insertProblem(
  tx: Tx,
  seams: Seams,
  owner: ProblemPlace,
  of: { readonly id: string; readonly provider: ProviderId; readonly place: DeadPlace; readonly detail: string },
): Promise<void> {
  await tx
    .insertInto('problems')
    .values({
      id: of.id,
      platform_id: owner.id,
      machine_id: null,
      subject: of.place.name,
      code: of.place.code,
      detail: of.detail,
      resolutions: JSON.stringify(['recreate', 'ignore']),
      since: seams.clock.now(),
      resolved_at: null,
      resolution: null,
      provider_id: of.provider,
      place: of.place.name,
    })
    .execute()
}

/** Ends what was told of these machines one by one, or of their host when it is the whole zone. */
async function takeUp(tx: Tx, seams: Seams, place: DeadPlace, by: string, machines: readonly DownMachine[]) {
  const owner = machines[0]?.owner
  if (!owner) return
  const ids = new Set(machines.map(({ id }) => id))
  const hosts = new Set(machines.map(({ host }) => host))
  const open = await tx
    .selectFrom('problems')
    .select(['id', 'code', 'machine_id', 'place'])
    .where('platform_id', '=', owner.id)
    .where('resolved_at', 'is', null)
    .where('id', '!=', by)
    .execute()
  for (const { id, code, machine_id, place: host } of open) {
    const ofMachine = machine_id !== null && ids.has(machine_id) && takenUp.includes(code)
    const ofHost = place.code === 'zone_dead' && code === 'host_dead' && hosts.has(host)
    if (ofMachine || ofHost) await endProblem(tx, seams, owner, id, { actor: careActor, cause: place.code })
  }
}

/** The one that is open, or that a person ignores until it is over. */
async function lastingProblem(db: Db, platform: PlatformId, provider: ProviderId, { code, name }: DeadPlace) {
  return db
    .selectFrom('problems')
    .select(['id', 'resolved_at'])
    .where('platform_id', '=', platform)
    .where('provider_id', '=', provider)
    .where('place', '=', name)
    .where('code', '=', code)
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')]))
    .executeTakeFirst()
}

/** Whether its host's or zone's problem says already that this machine is down. */
export async function isCarried(db: Db, machine: MachineId): Promise<boolean> {
  const row = await db
    .selectFrom('problem_machines')
    .innerJoin('problems', 'problems.id', 'problem_id')
    .select('problems.id')
    .where('problem_machines.machine_id', '=', machine)
    .where('provider_id', 'is not', null)
    .where((where) => where.or([where('resolved_at', 'is', null), where('resolution', '=', 'ignore')]))
    .executeTakeFirst()
  return row !== undefined
}

/**
 * This machine is well again, so its host or zone is. What is ignored of that, and what a provider calls dead all the same,
 * is over with the last one that is well.
 */
export async function endPlaces(
  tx: Tx,
  seams: Seams,
  owner: ProblemPlace,
  machine: MachineId,
  cause: string,
): Promise<void> {
  await endCarrying(tx, seams, { ...owner, machine }, { actor: careActor, cause })
  await endRevivedBy(tx, seams, machine)
  const ignored = await tx
    .selectFrom('problem_machines')
    .innerJoin('problems', 'problems.id', 'problem_id')
    .select('problems.id')
    .where('problem_machines.machine_id', '=', machine)
    .where('resolution', '=', 'ignore')
    .execute()
  for (const { id } of ignored) {
    const carried = new Set(await carriedBy(tx, id))
    const { provider_id } = await tx
      .selectFrom('machines')
      .select('provider_id')
      .where('id', '=', machine)
      .executeTakeFirstOrThrow()
    const down = await downMachines(tx, provider_id)
    if (down.some((one) => carried.has(one.id))) continue
    await unignore(tx, id)
  }
}

async function unignore(tx: Tx, id: string): Promise<void> {
  await tx.updateTable('problems').set({ resolution: overIgnored }).where('id', '=', id).execute()
}
