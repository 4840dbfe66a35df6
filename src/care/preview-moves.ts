// Who would be moved where, before anybody is: the rules and the search of the moves themselves, over hosts as they would
// be. Capacity that one would take is gone for the next.

import { type GroupSpec, groupsOf } from '../blueprints/index.ts'
import { type BlueprintSource, loadPlatform, type MemberView, type PlatformView } from '../engine/index.ts'
import { type Assignment, type Host, isOn, loadHosts } from '../placement/index.ts'
import { storedRequestSchema } from '../provider/request.ts'
import type { Db } from '../store/store.ts'
import { type HostPlace, platformsOn, requireHost } from './maintenance.ts'
import { whyNot } from './move.ts'
import { sameAgain, seatSuccessors } from './successor.ts'

/** `seat` is null where there is none, and `why` says what is in the way. */
interface PlannedMove {
  readonly member: MemberView
  readonly seat: (Assignment & { readonly providerName: string }) | null
  readonly why: string
}

interface PlannedMoves {
  readonly view: PlatformView
  readonly moves: readonly PlannedMove[]
}

/** What a maintenance would move, platform by platform. Throws not_found for a host that the provider does not have. */
export async function previewMaintenance(
  db: Db,
  blueprints: BlueprintSource,
  place: HostPlace,
): Promise<PlannedMoves[]> {
  await requireHost(db, place)
  const at = { provider_id: place.provider, host: place.host }
  let hosts = (await loadHosts(db)).map(
    (host): Host =>
      host.provider === place.provider && host.name === place.host ? { ...host, state: 'maintenance' } : host,
  )
  const planned: PlannedMoves[] = []
  for (const { platform } of await platformsOn(db, place)) {
    const view = await loadPlatform(db, blueprints, platform)
    if (!view) continue
    const groups = new Map(groupsOf(view.blueprint, view.parameters).map((group) => [group.name, group]))
    const there = [...view.members.values()].filter(({ machine, state }) => state !== 'leaving' && isOn(machine, at))
    const stuck = there.flatMap((member) => stuckBy(view, groups.get(member.group), member))
    const free = there.filter((member) => !stuck.some((one) => one.member === member))
    const found = await previewMoves(db, view, free, hosts)
    hosts = found.hosts
    planned.push({ view, moves: [...stuck, ...found.moves] })
  }
  return planned
}

function stuckBy(view: PlatformView, group: GroupSpec | undefined, member: MemberView): PlannedMove[] {
  const why = group === undefined ? null : whyNot(view, group, member)
  return why === null ? [] : [{ member, seat: null, why }]
}

/** Where these members would get their next machines: all of them together, or else each that finds a place. */
export async function previewMoves(
  db: Db,
  view: PlatformView,
  members: readonly MemberView[],
  hosts: readonly Host[],
): Promise<{ readonly moves: readonly PlannedMove[]; readonly hosts: Host[] }> {
  const together = members.length > 1 ? await seated(db, view, members, hosts) : null
  const moves: PlannedMove[] = []
  let left = [...hosts]
  for (const member of members) {
    const [alone] = together === null ? await tried(db, view, [member], left) : []
    const move = together?.find((one) => one.member === member) ?? alone
    if (!move) continue
    moves.push(move)
    if (move.seat) left = without(left, member, move.seat)
  }
  return { moves, hosts: left }
}

/** Null when not all of them find a place. */
async function seated(db: Db, view: PlatformView, members: readonly MemberView[], hosts: readonly Host[]) {
  const moves = await tried(db, view, members, hosts)
  return moves.every(({ seat }) => seat !== null) ? moves : null
}

async function tried(
  db: Db,
  view: PlatformView,
  members: readonly MemberView[],
  hosts: readonly Host[],
): Promise<PlannedMove[]> {
  const slots = await Promise.all(members.map((member) => sameAgain(db, view, member)))
  const found = await seatSuccessors(db, {}, view, slots, 'moved', hosts)
  return members.map((member) => {
    if (found.kind === 'hindered') return { member, seat: null, why: found.detail }
    const seat = found.seating.assignments.get(member.name)
    const name = found.seating.providers.find(({ id }) => id === seat?.provider)?.name
    return seat
      ? { member, seat: { ...seat, providerName: name ?? seat.provider }, why: seat.why }
      : { member, seat: null, why: '' }
  })
}

/** The hosts once the member's next machine is on its seat. */
function without(hosts: readonly Host[], { machine }: MemberView, seat: Assignment): Host[] {
  const { resources } = storedRequestSchema.parse(JSON.parse(machine.spec))
  return hosts.map((host) => {
    if (host.provider !== seat.provider || host.name !== (seat.host ?? seat.zone) || host.capacity === null) return host
    const { cpu, memoryBytes, diskBytes } = host.capacity.free
    const free = {
      cpu: cpu - resources.cpu,
      memoryBytes: memoryBytes - resources.memoryBytes,
      diskBytes: diskBytes - resources.diskBytes,
    }
    return { ...host, capacity: { ...host.capacity, free } }
  })
}
