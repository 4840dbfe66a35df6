// The next machine of a slot: where it would go, and what it is. Whoever replaces a member does it here.

import { type GroupSpec, groupsOf } from '../blueprints/index.ts'
import { type MemberView, type PlatformView, wishOf } from '../engine/index.ts'
import type { PlatformId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Host } from '../placement/index.ts'
import { storedRequestSchema } from '../provider/request.ts'
import type { Db, Tx } from '../store/store.ts'
import { type Flavors, flavorOf } from './catalogue.ts'
import type { DecideDeps } from './deps.ts'
import type { FormPlatform } from './form.ts'
import { loadNeighbours, type Seating, seatSlots } from './seat.ts'
import { seatCodes } from './seat-problem.ts'
import type { Slot } from './slot.ts'

/** What may stand between a member and its successor: no place for it, or its size or image is not offered any more. */
export const hindrances = [...seatCodes, 'invalid_parameter'] as const

/** Who can act. What the refusal itself advises is for somebody who asks for a platform. */
export const remedies: { readonly [code in (typeof hindrances)[number]]: string } = {
  no_capacity: 'an infra-admin can add capacity',
  provider_unreachable: 'if it lasts, an infra-admin must look at the provider',
  provider_denied: 'an infra-admin must give the provider working credentials',
  invalid_parameter: 'an infra-admin must offer it again',
}

export type Found =
  | { readonly kind: 'seated'; readonly slots: readonly Slot[]; readonly seating: Seating }
  | { readonly kind: 'hindered'; readonly code: (typeof hindrances)[number]; readonly detail: string }

/** What the group of a member is by the wish that the member follows. */
export function groupOf(view: Pick<PlatformView, 'wish' | 'older'>, member: MemberView): GroupSpec {
  const { blueprint, parameters } = wishOf(view, member)
  const group = groupsOf(blueprint, parameters).find(({ name }) => name === member.group)
  if (!group) throw new Error(`${member.ref} is of a group that its blueprint lacks`)
  return group
}

/** The member made anew: as large as before, whose quota it inherits, whatever has become of the flavor since. */
export async function sameAgain(db: Db, view: PlatformView, member: MemberView): Promise<Slot> {
  const { resources } = storedRequestSchema.parse(JSON.parse(member.machine.spec))
  return {
    group: groupOf(view, member),
    ordinal: member.ordinal,
    incarnation: await nextIncarnation(db, view.id, member.group, member.ordinal),
    revision: member.revision,
    resources,
    cost: {},
  }
}

/** The member as the platform wants it now. */
export async function asWanted(db: Db, flavors: Flavors, view: PlatformView, member: MemberView): Promise<Slot> {
  const { revision, blueprint, parameters } = view.wish
  const group = groupsOf(blueprint, parameters).find(({ name }) => name === member.group)
  if (!group) throw new Error(`${member.ref} is of a group that is not wanted any more`)
  const { cost, ...resources } = flavorOf(flavors, group.flavor)
  const incarnation = await nextIncarnation(db, view.id, member.group, member.ordinal)
  return { group, ordinal: member.ordinal, incarnation, revision, resources, cost }
}

/** An incarnation only moves forward, also past one that came and went while an older one stayed. */
export async function nextIncarnation(db: Db, platform: PlatformId, group: string, ordinal: number): Promise<number> {
  const row = await db
    .selectFrom('members')
    .select((select) => select.fn.max('incarnation').as('latest'))
    .where('platform_id', '=', platform)
    .where('group_name', '=', group)
    .where('ordinal', '=', ordinal)
    .executeTakeFirst()
  return (row?.latest ?? 0) + 1
}

/** Where successors would go. Writes nothing, so that what is refused leaves nothing half-written. */
export async function seatSuccessors(
  tx: Db,
  deps: Pick<DecideDeps, 'seats'>,
  view: PlatformView,
  slots: readonly Slot[],
  what = 'replaced',
  hosts?: readonly Host[],
): Promise<Found> {
  const names = new Set(slots.map((slot) => `${slot.group.name}-${slot.ordinal}`))
  try {
    const neighbours = (await loadNeighbours(tx, view.id)).filter(({ name }) => name === undefined || !names.has(name))
    return { kind: 'seated', slots, seating: await seatSlots(tx, slots, neighbours, deps.seats, hosts) }
  } catch (error) {
    const code = error instanceof ProblemError ? hindrances.find((known) => known === error.code) : undefined
    if (!(error instanceof ProblemError) || code === undefined) throw error
    const who = [...names].slice(0, 3).join(', ')
    const detail = `${who} cannot be ${what}: ${error.detail} It is tried again by itself; ${remedies[code]}.`
    return { kind: 'hindered', code, detail }
  }
}

export async function formPlatformOf(
  tx: Tx,
  view: Pick<PlatformView, 'id' | 'tenantId' | 'projectId' | 'name'>,
): Promise<FormPlatform> {
  const { ssh_public_key } = await tx
    .selectFrom('platforms')
    .select('ssh_public_key')
    .where('id', '=', view.id)
    .executeTakeFirstOrThrow()
  const { id, tenantId, projectId, name } = view
  return { id, tenantId, projectId, name, sshPublicKey: ssh_public_key }
}
