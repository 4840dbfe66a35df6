// What a provider has against what we remember, by its list: a machine that vanished, one that should not
// be there any more, one nobody remembers. A list may lag, so nobody is declared dead by it alone.

import { makeDue } from '../engine/index.ts'
import { appendEvent } from '../events/index.ts'
import type { MachineId, PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Seams } from '../kernel/seams.ts'
import type { MachineState } from '../kernel/states.ts'
import type { Observed, OwnerTag, ResourceKey, Session } from '../provider/contract.ts'
import type { Db, Store, Tx } from '../store/store.ts'
import { careActor } from './decision.ts'
import { openProblem, resolveProblem } from './problems.ts'

export interface ScanDeps {
  readonly store: Store
  readonly seams: Seams
  /** Tells the engine that a platform is due. */
  readonly wake: (platform: PlatformId) => void
}

interface Remembered {
  readonly id: MachineId
  readonly platformId: PlatformId
  readonly tenantId: string
  readonly member: string
  readonly state: MachineState
  readonly memberState: string
  readonly resourceKey: string
  readonly nativeRef: string | null
  readonly missingSince: number | null
}

/** States in which a machine is expected to run; before them its own step looks after it. */
const expected: readonly MachineState[] = ['booting', 'bootstrapping', 'ready', 'unhealthy']

/** An object with our tag that nobody remembers is removed after this long, never sooner: its row may be in the making. */
export const orphanGraceMs = 600_000

/** One look at everything of ours at a provider. Throws ProviderFault. */
export async function scanProvider(
  deps: ScanDeps,
  provider: ProviderId,
  session: Session,
  orphans: Map<string, number>,
  signal: AbortSignal,
): Promise<void> {
  const installation = await deps.store.read
    .selectFrom('installation')
    .select(['id', 'report_only'])
    .executeTakeFirstOrThrow()
  const owner = installation.id as OwnerTag
  const seen = new Map<string, Observed[]>()
  for await (const observed of session.list(owner, signal)) {
    const known = seen.get(observed.key)
    if (known) known.push(observed)
    else seen.set(observed.key, [observed])
  }
  // Read after the list: whatever the list shows was remembered before it was made.
  const living = await loadRemembered(deps.store.read, provider)
  const mayDestroy = installation.report_only === 0
  await judgeAll(deps, session, owner, [...living.values()].filter(isExpected), seen, signal)
  for (const key of orphans.keys()) if (!seen.has(key) || living.has(key)) orphans.delete(key)
  for (const [key, objects] of seen) {
    if (living.has(key)) continue
    const tombstone = (await loadRemembered(deps.store.read, provider, key)).get(key)
    if (tombstone) await risen(deps, provider, session, tombstone, owner, mayDestroy, signal)
    else await orphaned(deps, session, owner, key, objects, orphans, mayDestroy, signal)
  }
}

function isExpected(machine: Remembered): boolean {
  return expected.includes(machine.state) && machine.memberState !== 'leaving'
}

/** What one scan found is written in one transaction: a host that died is one decision, not one for each machine. */
async function judgeAll(
  deps: ScanDeps,
  session: Session,
  owner: OwnerTag,
  machines: readonly Remembered[],
  listed: ReadonlyMap<string, readonly Observed[]>,
  signal: AbortSignal,
): Promise<void> {
  const doubtful = machines.filter((machine) => !isWell(listed.get(machine.resourceKey)))
  const looked = await lookAgain(session, owner, doubtful, signal)
  const ill = doubtful.filter((machine) => !isWell(looked.get(machine.resourceKey)))
  const back = machines.filter((machine) => machine.missingSince !== null && !ill.includes(machine))
  if (ill.length === 0 && back.length === 0) return
  const now = deps.seams.clock.now()
  const { lookup, settleMs } = session.capabilities
  const due = await deps.store.write(async (tx) => {
    const concerned = new Set<PlatformId>()
    for (const machine of ill) {
      // Where lookups lag, absence counts only after it lasted as long as they may lag.
      const since = machine.missingSince ?? now
      const certain = lookup === 'consistent' || now - since >= settleMs
      const state = looked.get(machine.resourceKey)?.[0]?.state ?? 'absent'
      if (await noteMissing(tx, deps.seams, machine, since, certain ? state : null)) concerned.add(machine.platformId)
    }
    for (const machine of back) {
      await noteFound(tx, deps.seams, machine)
      concerned.add(machine.platformId)
    }
    for (const platform of concerned) await makeDue(tx, platform, now)
    return concerned
  })
  for (const platform of due) deps.wake(platform)
}

function isWell(objects: readonly Observed[] | undefined): boolean {
  const [only, another] = objects ?? []
  return another === undefined && (only?.state === 'running' || only?.state === 'creating')
}

/** A list may lag: whoever it does not show well is looked for by key. */
async function lookAgain(
  session: Session,
  owner: OwnerTag,
  machines: readonly Remembered[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Observed[]>> {
  const seen = new Map<string, Observed[]>()
  if (machines.length === 0) return seen
  const keys = machines.map((machine) => ({ key: keyOf(machine) }))
  for await (const object of session.observe(owner, keys, signal)) {
    const known = seen.get(object.key)
    if (known) known.push(object)
    else seen.set(object.key, [object])
  }
  return seen
}

/** True when the engine has something to decide: the machine is lost for certain. */
async function noteMissing(
  tx: Tx,
  seams: Seams,
  machine: Remembered,
  since: number,
  certainState: string | null,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('machines')
    .set({ missing_since: since })
    .where('id', '=', machine.id)
    .where('state', 'in', expected)
    .executeTakeFirst()
  if (numUpdatedRows === 0n || certainState === null) return false
  await openProblem(tx, seams, await placeOf(tx, machine), {
    subject: machine.member,
    machineId: machine.id,
    code: 'machine_dead',
    detail: `${machine.member} is lost: the provider says it is ${certainState}.`,
    resolutions: ['recreate', 'ignore'],
  })
  return true
}

async function noteFound(tx: Tx, seams: Seams, machine: Remembered): Promise<void> {
  await tx.updateTable('machines').set({ missing_since: null }).where('id', '=', machine.id).execute()
  const problem = { subject: machine.member, machineId: machine.id, code: 'machine_dead' as const }
  await resolveProblem(tx, seams, await placeOf(tx, machine), problem, 'it was seen again')
}

/** A tombstone's key shows an object again: a late create or a copy. It goes at once, and the receipt is reopened. */
async function risen(
  deps: ScanDeps,
  provider: ProviderId,
  session: Session,
  machine: Remembered,
  owner: OwnerTag,
  mayDestroy: boolean,
  signal: AbortSignal,
): Promise<void> {
  const now = deps.seams.clock.now()
  await deps.store.write(async (tx) => {
    await tx
      .updateTable('receipt_objects')
      .set({ reopened_at: now })
      .where('provider_id', '=', provider)
      .where('resource_key', '=', machine.resourceKey)
      .execute()
    const { id, tenantId, projectId } = await placeOf(tx, machine)
    await appendEvent(tx, deps.seams, {
      kind: mayDestroy ? 'tombstone.destroyed' : 'receipt.reopened',
      subject: { kind: 'machine', id: machine.id },
      tenant: tenantId,
      project: projectId,
      platform: id,
      machine: machine.id,
      actor: careActor,
      cause: 'an object appeared under a key that was gone',
      data: { key: machine.resourceKey },
    })
  })
  if (mayDestroy) await session.destroy(owner, keyOf(machine), signal)
}

async function orphaned(
  deps: ScanDeps,
  session: Session,
  owner: OwnerTag,
  key: string,
  objects: readonly Observed[],
  orphans: Map<string, number>,
  mayDestroy: boolean,
  signal: AbortSignal,
): Promise<void> {
  const now = deps.seams.clock.now()
  const since = orphans.get(key)
  if (since === undefined) {
    orphans.set(key, now)
    await tellOrphan(deps, 'orphan.found', key, objects)
  } else if (mayDestroy && now - since >= orphanGraceMs) {
    await tellOrphan(deps, 'orphan.destroyed', key, objects)
    await session.destroy(owner, key as ResourceKey, signal)
  }
}

async function tellOrphan(
  deps: ScanDeps,
  kind: 'orphan.found' | 'orphan.destroyed',
  key: string,
  objects: readonly Observed[],
): Promise<void> {
  await deps.store.write((tx) =>
    appendEvent(tx, deps.seams, {
      kind,
      subject: { kind: 'resource', id: key },
      actor: careActor,
      cause: 'it carries our tag and nobody remembers it',
      data: { refs: objects.map((object) => object.ref) },
    }),
  )
}

/** The machines that should be there, by key; with `key`, whatever was remembered under it, tombstones too. */
async function loadRemembered(db: Db, provider: ProviderId, key?: string): Promise<Map<string, Remembered>> {
  const rows = await db
    .selectFrom('machines')
    .innerJoin('members', 'members.id', 'machines.member_id')
    .select(['machines.id', 'machines.platform_id', 'machines.tenant_id', 'machines.member', 'machines.state'])
    .select(['members.state as member_state', 'resource_key', 'native_ref', 'missing_since'])
    .where('machines.provider_id', '=', provider)
    .where((where) => (key === undefined ? where('machines.state', '!=', 'deleted') : where('resource_key', '=', key)))
    .execute()
  return new Map(
    rows.map((row) => [
      row.resource_key,
      {
        id: row.id,
        platformId: row.platform_id,
        tenantId: row.tenant_id,
        member: row.member,
        state: row.state,
        memberState: row.member_state,
        resourceKey: row.resource_key,
        nativeRef: row.native_ref,
        missingSince: row.missing_since,
      },
    ]),
  )
}

async function placeOf(db: Db, machine: Remembered) {
  const row = await db
    .selectFrom('platforms')
    .select(['id', 'tenant_id', 'project_id'])
    .where('id', '=', machine.platformId)
    .executeTakeFirstOrThrow()
  return { id: row.id, tenantId: row.tenant_id, projectId: row.project_id }
}

function keyOf(machine: Remembered): ResourceKey {
  return machine.resourceKey as ResourceKey
}
