// A platform is admitted or refused as a whole: seats, quota, members, machines and keys in the caller's
// one transaction. Whoever asks for a preview gets the very same choices, and nothing is written.

import {
  type GroupSpec,
  groupsOf,
  type MemberRef,
  memberRef,
  type ParsedBlueprint,
  type Plan,
  type PlanMember,
  plan,
} from '../blueprints/index.ts'
import { makeDue } from '../engine/index.ts'
import { appendEvent, moveMember, movePlatform } from '../events/index.ts'
import type { Json } from '../kernel/canonical.ts'
import { newId, type PlatformId, type ProjectId, type TenantId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import { admit, type Claim, machineAmounts, quoteQuota } from '../quota/index.ts'
import type { Db, Tx } from '../store/store.ts'
import { slotsOf } from './catalogue.ts'
import { writeDecision } from './decision.ts'
import type { DecideDeps } from './deps.ts'
import { formMembers } from './form.ts'
import { writeRevision } from './revision.ts'
import { type Seating, seatSlots } from './seat.ts'
import { type Slot, slotHolder, slotName } from './slot.ts'

export interface PlatformWish {
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly name: string
  readonly blueprint: ParsedBlueprint
  /** Complete: defaults filled in by resolveParameters. */
  readonly parameters: Readonly<Record<string, Json>>
  readonly labels: Readonly<Record<string, string>>
  readonly deletionProtection: boolean
  readonly actor: string
}

export interface Preview {
  readonly slots: readonly Slot[]
  /** Group -> who founds it. */
  readonly founders: Readonly<Record<string, MemberRef>>
  readonly seating: Seating
  readonly plan: Plan
}

/** What would be made and where. Throws `quota_exceeded`, `invalid_parameter` and what `seatSlots` throws. */
export async function previewPlatform(
  db: Db,
  deps: Pick<DecideDeps, 'flavors' | 'seats'>,
  wish: Pick<PlatformWish, 'projectId' | 'blueprint' | 'parameters'>,
): Promise<Preview> {
  const { blueprint } = wish.blueprint
  const groups = groupsOf(blueprint, wish.parameters)
  const slots = slotsOf(groups, deps.flavors)
  // Quota first: it is the tenant's own to mend, and cheaper to look at than every host.
  await quoteQuota(db, { project: wish.projectId, platform: null, claims: claimsOf('preview', slots) })
  const seating = await seatSlots(db, slots, [], deps.seats)
  const members = slots.map(plannedMember)
  const founders = firstFounders(groups)
  return {
    slots,
    seating,
    founders,
    plan: plan(blueprint, { want: 'present', parameters: wish.parameters, members, founders, founded: new Set() }),
  }
}

function firstFounders(groups: readonly GroupSpec[]): Record<string, MemberRef> {
  const founding = groups.filter((group) => group.founds && group.count > 0)
  return Object.fromEntries(founding.map((group) => [group.name, memberRef(group.name, 0, 1)]))
}

function plannedMember(slot: Slot): PlanMember {
  const { group, ordinal, incarnation } = slot
  return {
    ref: memberRef(group.name, ordinal, incarnation),
    name: `${group.name}-${ordinal}`,
    group: group.name,
    ordinal,
    incarnation,
    state: 'joining',
  }
}

/** Writes the platform with its members and machines, quota and capacity reserved, and makes its run due. Throws `quota_exceeded`. */
export async function formPlatform(
  tx: Tx,
  deps: DecideDeps,
  wish: PlatformWish,
  preview: Preview,
): Promise<PlatformId> {
  const { seams, keys } = deps
  const now = seams.clock.now()
  const id = newId('platform', seams)
  const key = await keys.make(tx, { tenant: wish.tenantId, purpose: `ssh key of ${id}`, comment: wish.name })
  await tx
    .insertInto('platforms')
    .values({
      id,
      tenant_id: wish.tenantId,
      project_id: wish.projectId,
      name: wish.name,
      blueprint_digest: wish.blueprint.digest,
      spec: JSON.stringify({ parameters: wish.parameters }),
      labels: JSON.stringify(wish.labels),
      generation: 1,
      want: 'present',
      state: 'pending',
      state_since: now,
      state_reason: null,
      deletion_protection: wish.deletionProtection ? 1 : 0,
      ssh_public_key: key.publicKey,
      ssh_secret: key.secret,
      outputs: '{}',
      version: 1,
      created_at: now,
      ready_at: null,
      deleted_at: null,
    })
    .execute()
  await writeRevision(tx, {
    platform_id: id,
    number: 1,
    blueprint_digest: wish.blueprint.digest,
    spec: JSON.stringify({ parameters: wish.parameters }),
    kind: 'create',
    renews: 0,
    actor: wish.actor,
    created_at: now,
    settled_at: now,
  })
  await appendEvent(tx, seams, {
    kind: 'platform.created',
    subject: { kind: 'platform', id },
    tenant: wish.tenantId,
    project: wish.projectId,
    platform: id,
    actor: wish.actor,
    data: { name: wish.name, blueprint: wish.blueprint.digest },
  })
  const platform = {
    id,
    tenantId: wish.tenantId,
    projectId: wish.projectId,
    name: wish.name,
    sshPublicKey: key.publicKey,
  }
  await admit(tx, seams, { project: wish.projectId, platform: id, claims: claimsOf(id, preview.slots) })
  await formMembers(tx, deps, platform, preview.slots, preview.seating, { actor: wish.actor, cause: 'created' })
  // Decided with the members: who looks at the platform before its first run already sees the plan whole.
  for (const [group, member] of Object.entries(preview.founders)) {
    const decided = { id, tenantId: wish.tenantId, projectId: wish.projectId }
    const reason = 'the first of its group'
    await writeDecision(tx, seams, decided, { kind: 'founder', subject: group, reason, data: { member } })
  }
  await makeDue(tx, id, now)
  return id
}

/** What the platform holds of its project's quota: one for itself, and each slot what a machine of its flavor takes. */
export function claimsOf(platform: string, slots: readonly Slot[]): Claim[] {
  return [
    { holder: platform, amounts: { 'platform.count': 1 } },
    ...slots.map((slot) => ({
      holder: slotHolder(platform, slotName(slot)),
      amounts: { ...slot.cost, ...machineAmounts(slot.resources) },
    })),
  ]
}

/** Asks for the platform's end: nothing is planned for it any more but removals. Deleting again changes nothing. */
export async function unformPlatform(
  tx: Tx,
  deps: Pick<DecideDeps, 'seams'>,
  id: PlatformId,
  actor: string,
): Promise<{ generation: number }> {
  const { seams } = deps
  const row = await tx
    .selectFrom('platforms')
    .select(['want', 'generation'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const generation = row.want === 'absent' ? row.generation : row.generation + 1
  if (row.want !== 'absent') {
    await tx.updateTable('platforms').set({ want: 'absent', generation }).where('id', '=', id).execute()
    await removeMembers(tx, seams, id, actor)
    await movePlatform(tx, seams, { platform: id, to: 'deleting', actor, cause: 'deletion was asked for' })
  }
  await makeDue(tx, id, seams.clock.now())
  return { generation }
}

async function removeMembers(tx: Tx, seams: Seams, id: PlatformId, actor: string): Promise<void> {
  const members = await tx
    .selectFrom('members')
    .select('id')
    .where('platform_id', '=', id)
    .where('state', 'not in', ['leaving', 'gone'])
    .execute()
  for (const member of members)
    await moveMember(tx, seams, { member: member.id, to: 'leaving', actor, cause: 'delete' })
}
