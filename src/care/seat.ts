// Where slots would go: reads hosts and neighbours, asks placement, and turns a refusal into a problem
// that says for every host why not.

import type { PlatformId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import { type Assignment, type Hint, loadHosts, type Placed, place } from '../placement/index.ts'
import type { Db } from '../store/store.ts'
import { loadProviderImages, type ProviderImages } from './catalogue.ts'
import { type Slot, slotName } from './slot.ts'

export interface Seating {
  readonly assignments: ReadonlyMap<string, Assignment>
  readonly providers: readonly ProviderImages[]
}

/**
 * Seats all slots or throws `no_capacity` (or `invalid_parameter` for an image no provider has).
 * `neighbours` are the platform's members that keep their place.
 */
export async function seatSlots(db: Db, slots: readonly Slot[], neighbours: readonly Placed[]): Promise<Seating> {
  const providers = await loadProviderImages(db)
  const hosts = await loadHosts(db)
  const answer = place({
    members: slots.map((slot) => ({
      name: slotName(slot),
      group: slot.group.name,
      resources: slot.resources,
      spread: slot.group.spread,
      providers: providersWith(providers, slot.group.image),
    })),
    hosts,
    existing: neighbours,
  })
  if (answer.kind === 'placed') {
    return { providers, assignments: new Map(answer.assignments.map((assignment) => [assignment.member, assignment])) }
  }
  const [first] = answer.refusals
  const hints = answer.wouldFitWith.map(hintText)
  throw new ProblemError({
    code: 'no_capacity',
    detail: `${someOf(answer.refusals.map((refusal) => refusal.member))} found no host.`,
    facts: {
      unseated: answer.refusals.length,
      hosts: (first?.hosts ?? []).map((host) => `${host.host}: ${host.reason}`),
      wouldFitWith: hints,
    },
    next:
      hints.length > 0
        ? `It would fit with ${hints.join(', or ')}.`
        : 'Ask for fewer or smaller machines, or ask an infra-admin for capacity.',
  })
}

/** `worker-6, worker-7, worker-8 and 31 more`. */
function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ')
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown
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

function hintText(hint: Hint): string {
  switch (hint.kind) {
    case 'relax':
      return `${hint.group} allowed to share a ${hint.spread} (should instead of must)`
    case 'fewer':
      return `${hint.members} of ${hint.group}`
    default:
      return hint satisfies never
  }
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
