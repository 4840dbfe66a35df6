// Where slots would go: reads hosts and neighbours, and asks placement.

import { type MemberRef, memberRef } from '../blueprints/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import { type Assignment, type Host, loadHosts, type Placed, place } from '../placement/index.ts'
import type { Db } from '../store/store.ts'
import { loadProviderImages, type ProviderImages } from './catalogue.ts'
import { seatProblem } from './seat-problem.ts'
import { type Slot, slotName } from './slot.ts'

export interface Seating {
  readonly assignments: ReadonlyMap<string, Assignment>
  readonly providers: readonly ProviderImages[]
}

/** Where a member's machine is put without asking placement, as it was in what is replayed; undefined: placement chooses. */
export type Seats = (member: MemberRef) => Pick<Assignment, 'zone' | 'host'> | undefined

/**
 * Seats all slots or throws `no_capacity`; `provider_unreachable` or `provider_denied` when nothing but that is in
 * the way; `invalid_parameter` for an image no provider has. `neighbours` are the platform's members that keep
 * their place; `hosts` are those there are, unless somebody asks what would be.
 */
export async function seatSlots(
  db: Db,
  slots: readonly Slot[],
  neighbours: readonly Placed[],
  seats: Seats = () => undefined,
  hosts?: readonly Host[],
): Promise<Seating> {
  const providers = await loadProviderImages(db)
  const given = slots.flatMap((slot): Assignment[] => {
    const seat = seats(memberRef(slot.group.name, slot.ordinal, slot.incarnation))
    const [provider] = providersWith(providers, slot.group.image)
    return seat && provider ? [{ member: slotName(slot), provider, ...seat, why: 'it was there' }] : []
  })
  const seated = new Set(given.map(({ member }) => member))
  const answer = place({
    members: slots
      .filter((slot) => !seated.has(slotName(slot)))
      .map((slot) => ({
        name: slotName(slot),
        group: slot.group.name,
        resources: slot.resources,
        spread: slot.group.spread,
        providers: providersWith(providers, slot.group.image),
      })),
    hosts: hosts ?? (await loadHosts(db)),
    existing: neighbours,
  })
  if (answer.kind === 'refused') throw new ProblemError(seatProblem(answer, providers))
  return {
    providers,
    assignments: new Map([...given, ...answer.assignments].map((assignment) => [assignment.member, assignment])),
  }
}

function providersWith(providers: readonly ProviderImages[], image: string): ProviderImages['id'][] {
  const having = providers.filter((provider) => provider.images[image] !== undefined)
  if (having.length > 0 || providers.length === 0) return having.map((provider) => provider.id)
  const known = [...new Set(providers.flatMap((provider) => Object.keys(provider.images)))]
  throw new ProblemError({
    code: 'invalid_parameter',
    detail: `No provider has the image ${image}.`,
    facts: { image, images: known },
    next:
      known.length > 0
        ? `Choose one of ${known.join(', ')}, or ask an infra-admin to map it.`
        : 'Ask an infra-admin to map it at a provider.',
  })
}

/** Where the living members of a platform are. */
export async function loadNeighbours(db: Db, platformId: PlatformId): Promise<Placed[]> {
  const rows = await db
    .selectFrom('members')
    .innerJoin('machines', 'machines.id', 'members.machine_id')
    .select([
      'members.group_name',
      'members.ordinal',
      'members.state',
      'machines.provider_id',
      'machines.zone',
      'machines.host',
    ])
    .where('members.platform_id', '=', platformId)
    .where('members.state', 'not in', ['leaving', 'gone'])
    .execute()
  return rows.map((row) => ({
    group: row.group_name,
    provider: row.provider_id,
    zone: row.zone,
    host: row.host,
    name: `${row.group_name}-${row.ordinal}`,
  }))
}
