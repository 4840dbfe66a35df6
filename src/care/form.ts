// Members and their machines as rows: keys, host keys and the exact request are on the disk before any
// provider hears of them. Whoever adds a member (creation, repair, scaling) does it here.

import { type MemberRef, memberRef } from '../blueprints/index.ts'
import { appendEvent } from '../events/index.ts'
import { canonicalHash } from '../kernel/canonical.ts'
import { type MachineId, newId, type PlatformId, type ProjectId, type TenantId } from '../kernel/ids.ts'
import { ProblemError } from '../kernel/problem.ts'
import type { Seams } from '../kernel/seams.ts'
import { type Assignment, reserveCapacity } from '../placement/index.ts'
import type { MachineTable, MemberTable } from '../store/schema.ts'
import { statement } from '../store/statement.ts'
import type { Tx } from '../store/store.ts'
import type { ProviderImages } from './catalogue.ts'
import type { Seating } from './seat.ts'
import { type Slot, slotName } from './slot.ts'

export interface FormDeps {
  readonly seams: Seams
  readonly keys: KeyMaker
}

/** Makes SSH keys and keeps their private halves; care itself never reads a secret. */
export interface KeyMaker {
  /** The OpenSSH one-line public key and the reference of the private one. */
  make(
    tx: Tx,
    key: { readonly tenant: TenantId; readonly purpose: string; readonly comment: string },
  ): Promise<{ publicKey: string; secret: string }>
}

export interface FormPlatform {
  readonly id: PlatformId
  readonly tenantId: TenantId
  readonly projectId: ProjectId
  readonly name: string
  readonly sshPublicKey: string
}

export interface Formed {
  readonly ref: MemberRef
  readonly machineId: MachineId
}

/** Makes a member in state joining and its machine in state planned for every slot, on its seat, capacity reserved. */
export async function formMembers(
  tx: Tx,
  deps: FormDeps,
  platform: FormPlatform,
  slots: readonly Slot[],
  seating: Seating,
  because: { readonly actor: string; readonly cause: string },
): Promise<Formed[]> {
  const installation = await tx
    .selectFrom('installation')
    .select(['id', 'restore_epoch', 'report_only'])
    .executeTakeFirstOrThrow()
  // Its keys would have the old epoch, under which something we have forgotten may be there.
  if (installation.report_only === 1) throw onlyReports()
  const formed: Formed[] = []
  const least = await leastIncarnation(tx, platform.id, installation.restore_epoch)
  for (const wanted of slots) {
    const slot = { ...wanted, incarnation: Math.max(wanted.incarnation, least) }
    const seat = seating.assignments.get(slotName(slot))
    if (!seat) throw new Error(`no seat for ${slotName(slot)}`)
    formed.push(await formMember(tx, deps, platform, slot, seat, seating.providers, installation, because))
  }
  return formed
}

/** Of one slot, between two restores. COUNT. */
const incarnationsPerEpoch = 1_000

/**
 * A restored Gantry has forgotten incarnations made after its backup, and what runs on the platform may remember them by
 * name: those of another epoch begin where none of the one before can have been.
 */
async function leastIncarnation(tx: Tx, platform: PlatformId, epoch: number): Promise<number> {
  if (epoch <= 1) return 1
  const member = await tx
    .selectFrom('members')
    .select('id')
    .where('platform_id', '=', platform)
    .limit(1)
    .executeTakeFirst()
  // A platform that is made now has an id that nobody remembers.
  return member ? (epoch - 1) * incarnationsPerEpoch + 1 : 1
}

const insertMember = statement((db, row: MemberTable) => db.insertInto('members').values(row))
const insertMachine = statement((db, row: MachineTable) => db.insertInto('machines').values(row))

async function formMember(
  tx: Tx,
  { seams, keys }: FormDeps,
  platform: FormPlatform,
  slot: Slot,
  seat: Assignment,
  providers: readonly ProviderImages[],
  installation: { id: string; restore_epoch: number },
  because: { readonly actor: string; readonly cause: string },
): Promise<Formed> {
  const ref = memberRef(slot.group.name, slot.ordinal, slot.incarnation)
  const now = seams.clock.now()
  const memberId = newId('member', seams)
  const machineId = newId('machine', seams)
  const image = providers.find((provider) => provider.id === seat.provider)?.images[slot.group.image]
  if (!image) throw new Error(`provider ${seat.provider} has no image ${slot.group.image}`)
  const hostKey = await keys.make(tx, {
    tenant: platform.tenantId,
    purpose: `host key of ${machineId}`,
    comment: slotName(slot),
  })
  const request = {
    owner: installation.id,
    hostname: hostnameOf(slot),
    resources: { ...slot.resources },
    image: image.ref,
    zone: seat.zone,
    host: seat.host,
    spreadGroup: `${platform.id}-${slot.group.name}`,
    networks: [],
    loginUser: image.user,
    authorizedKey: platform.sshPublicKey,
    hostKey: { publicKey: hostKey.publicKey },
    own: {},
  }
  const specHash = canonicalHash(request)
  await insertMember.run(tx, {
    id: memberId,
    platform_id: platform.id,
    group_name: slot.group.name,
    ordinal: slot.ordinal,
    incarnation: slot.incarnation,
    state: 'joining',
    state_since: now,
    cause: because.cause,
    machine_id: machineId,
    revision: slot.revision,
    warm_until: null,
    created_at: now,
  })
  await insertMachine.run(tx, {
    id: machineId,
    tenant_id: platform.tenantId,
    project_id: platform.projectId,
    platform_id: platform.id,
    member_id: memberId,
    member: ref,
    provider_id: seat.provider,
    resource_key: `${installation.id}/${installation.restore_epoch}/${platform.id}/${ref}`,
    spec: JSON.stringify({ ...request, specHash }),
    spec_hash: specHash,
    native_ref: null,
    state: 'planned',
    state_since: now,
    zone: seat.zone,
    host: seat.host,
    cpu: slot.resources.cpu,
    memory_bytes: slot.resources.memoryBytes,
    disk_bytes: slot.resources.diskBytes,
    capacity_held: 0,
    endpoints: '[]',
    addresses: '[]',
    login_user: image.user,
    host_key: hostKey.publicKey,
    host_key_secret: hostKey.secret,
    create_sent_at: null,
    missing_since: null,
    ill_since: null,
    gone_at: null,
    created_at: now,
  })
  await reserveCapacity(tx, machineId)
  await appendEvent(tx, seams, {
    kind: 'member.created',
    subject: { kind: 'member', id: memberId },
    tenant: platform.tenantId,
    project: platform.projectId,
    platform: platform.id,
    machine: machineId,
    actor: because.actor,
    cause: because.cause,
    data: { member: ref, zone: seat.zone, host: seat.host, why: seat.why },
  })
  return { ref, machineId }
}

function onlyReports(): ProblemError {
  return new ProblemError({
    code: 'report_only',
    detail: 'This Gantry was restored from a backup and only reports: it makes no machines.',
    next: 'An installation-admin reads the report and accepts it:  gantry restore report',
  })
}

/** `worker-1`, and `worker-1-2` for its second incarnation: what the machine calls itself, a DNS label. */
function hostnameOf(slot: Slot): string {
  return slot.incarnation === 1 ? slotName(slot) : `${slotName(slot)}-${slot.incarnation}`
}
