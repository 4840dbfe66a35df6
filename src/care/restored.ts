// What a restored installation's records say and what its providers show: everything that happened after the backup was
// taken differs, and nobody but a person can know what of it was meant. This only looks.

import type { MachineId, PlatformId, ProviderId } from '../kernel/ids.ts'
import type { Observed, OwnerTag, ResourceKey, Session } from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Db } from '../store/store.ts'
import { groupByKey, lookAt } from './remembered.ts'

/** One object at a provider that the records do not explain. */
export interface FoundObject {
  readonly key: string
  readonly refs: readonly string[]
  /** Of the key; null where it is not written as ours are. */
  readonly platform: PlatformId | null
  readonly member: string | null
}

/** A machine of the records whose provider says otherwise. */
export interface DifferingMachine {
  readonly machine: MachineId
  readonly platform: PlatformId
  readonly member: string
  readonly key: string
}

export interface Comparison {
  readonly provider: ProviderId
  readonly name: string
  /** Why it could not be compared; then the lists are empty and say nothing. */
  readonly fault: string | null
  /** Ours by its tag, under a key that no record has: made after the backup. */
  readonly unknown: readonly FoundObject[]
  /** Recorded as made, and not there. */
  readonly missing: readonly DifferingMachine[]
  /** Recorded as never asked for, and there: the backup was taken in the middle of its making. */
  readonly ahead: readonly DifferingMachine[]
  /** Recorded as proven gone, and there. */
  readonly returned: readonly DifferingMachine[]
}

interface CompareDeps {
  readonly read: Db
  readonly sessions: { get(provider: ProviderId): Promise<Session> }
}

/** Every living provider compared, in the order of names. What a provider refuses is told in its `fault`. */
export async function compareProviders(deps: CompareDeps, signal: AbortSignal): Promise<Comparison[]> {
  const { id: owner } = await deps.read.selectFrom('installation').select('id').executeTakeFirstOrThrow()
  const providers = await deps.read
    .selectFrom('providers')
    .select(['id', 'name'])
    .where('deleted_at', 'is', null)
    .orderBy('name')
    .execute()
  return Promise.all(providers.map((provider) => compareProvider(deps, provider, owner as OwnerTag, signal)))
}

async function compareProvider(
  deps: CompareDeps,
  { id, name }: { id: ProviderId; name: string },
  owner: OwnerTag,
  signal: AbortSignal,
): Promise<Comparison> {
  try {
    const session = await deps.sessions.get(id)
    const shown = await groupByKey(session.list(owner, signal))
    const machines = await machinesOf(deps.read, id)
    const known = new Set(machines.map((machine) => machine.key))
    // A list may lag: what it does not show is looked for by key before it is called missing.
    const unshown = machines.filter((machine) => machine.living && machine.sent && !shown.has(machine.key))
    const keys = unshown.map((machine) => machine.key as ResourceKey)
    const looked = await lookAt(session, owner, keys, signal)
    return {
      provider: id,
      name,
      fault: null,
      unknown: [...shown].filter(([key]) => !known.has(key)).map(([key, objects]) => foundObject(key, objects)),
      missing: unshown.filter((machine) => !looked.has(machine.key)).map(differing),
      ahead: machines.filter((machine) => machine.living && !machine.sent && shown.has(machine.key)).map(differing),
      returned: machines.filter((machine) => !machine.living && shown.has(machine.key)).map(differing),
    }
  } catch (error) {
    if (!(error instanceof ProviderFault)) throw error
    return { provider: id, name, fault: error.message, unknown: [], missing: [], ahead: [], returned: [] }
  }
}

interface RecordedMachine extends DifferingMachine {
  readonly living: boolean
  /** Whether its create may ever have been sent. */
  readonly sent: boolean
}

async function machinesOf(db: Db, provider: ProviderId): Promise<RecordedMachine[]> {
  const rows = await db
    .selectFrom('machines')
    .select(['id', 'platform_id', 'member', 'resource_key', 'state', 'create_sent_at'])
    .where('provider_id', '=', provider)
    .orderBy('resource_key')
    .execute()
  return rows.map((row) => ({
    machine: row.id,
    platform: row.platform_id,
    member: row.member,
    key: row.resource_key,
    living: row.state !== 'deleted',
    sent: row.create_sent_at !== null,
  }))
}

function differing({ machine, platform, member, key }: RecordedMachine): DifferingMachine {
  return { machine, platform, member, key }
}

/** A key is `<installation>/<restore epoch>/<platform>/<member>@<incarnation>`. */
function foundObject(key: string, objects: readonly Observed[]): FoundObject {
  const [, , platform, member] = key.split('/')
  return {
    key,
    refs: objects.map((object) => object.ref),
    platform: (platform ?? null) as PlatformId | null,
    member: member ?? null,
  }
}
