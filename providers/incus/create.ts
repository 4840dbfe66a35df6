// Making a machine is four effects at the server: the instance, its identity, its start, and the mark between them that
// tells where a killed maker stopped. A second create of the same key goes on from there; it never makes a second one,
// because the name is derived from the key and Incus has each name once.

import type { MachineRequest, NativeRef, ResourceKey } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api } from './api.ts'
import type { Claims } from './claims.ts'
import type { IncusConfig, IncusMachineSpec } from './config.ts'
import { afterEffect } from './faults.ts'
import { type Instance, instanceSchema, isOurs, stageOf } from './instance.ts'
import { memberSchema } from './inventory.ts'
import { placeIdentity } from './prepare.ts'
import { addressConfig, instanceBody } from './spec.ts'
import { nativeName, preparedKey } from './tags.ts'

export interface Making {
  readonly api: Api
  readonly config: IncusConfig
  /** Null where the network gives addresses. */
  readonly claims: Claims | null
  /** Name of the standalone server; null in a cluster, where the zone is the member to be asked. */
  readonly standalone: string | null
}

type Request = MachineRequest & { readonly own: IncusMachineSpec }

/** Makes the machine of a key, or what is missing of it. */
export async function createMachine(
  making: Making,
  key: ResourceKey,
  request: Request,
  signal: AbortSignal,
): Promise<NativeRef> {
  const name = nativeName(key)
  let found = await findOurs(making.api, key, request, signal)
  if (found && stageOf(found) === 'complete') return name as NativeRef
  // Another try of this create may be under way, and have no record yet.
  await making.api.settled(name, signal)
  found = await findOurs(making.api, key, request, signal)
  if (found && stageOf(found) === 'complete') return name as NativeRef
  if (found && stageOf(found) === 'bare') {
    // Perhaps not wholly unpacked, as after a crash of the server; it never ran, so nothing in it is anybody's.
    await making.api.change('DELETE', `/instances/${name}`, undefined, signal)
    found = undefined
  }
  if (!found) await makeInstance(making, key, request, signal)
  try {
    await startMachine(making.api, name, signal)
  } catch (error) {
    throw afterEffect(error)
  }
  return name as NativeRef
}

async function findOurs(
  api: Api,
  key: ResourceKey,
  request: Request,
  signal: AbortSignal,
): Promise<Instance | undefined> {
  const found = await api.find(`/instances/${nativeName(key)}`, instanceSchema, signal)
  if (found && !isOurs(found, request.owner, key)) {
    throw new ProviderFault({ kind: 'nameTaken', outcome: 'none' }, `${found.name} exists and is not ours`)
  }
  return found
}

/** The instance with its identity and a confirmed address, marked as prepared. */
async function makeInstance(making: Making, key: ResourceKey, request: Request, signal: AbortSignal): Promise<void> {
  const { api, config, claims } = making
  const name = nativeName(key)
  const target = targetOf(making, request)
  let address = claims ? await claims.choose(signal) : null
  try {
    const body = instanceBody(key, request, config, address)
    try {
      await api.change('POST', '/instances', body, signal, target)
    } catch (error) {
      throw await explained(making, key, request, error, signal)
    }
    try {
      await placeIdentity(api, name, request, signal)
      if (claims) {
        while (address !== null && !(await claims.confirm(name, address, signal))) {
          claims.release(address)
          address = await claims.choose(signal)
          await api.change(
            'PATCH',
            `/instances/${name}`,
            { config: addressConfig(config, request.own, address) },
            signal,
          )
        }
      }
      await api.change('PATCH', `/instances/${name}`, { config: { [preparedKey]: 'true' } }, signal)
    } catch (error) {
      throw afterEffect(error)
    }
  } finally {
    if (claims && address !== null) claims.release(address)
  }
}

function targetOf({ standalone }: Making, { zone, host }: Request): Record<string, string> {
  if (standalone === null) return { target: host ?? zone }
  if (zone === standalone) return {}
  throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, `there is no zone ${zone} here, only ${standalone}`)
}

/** What a refused POST means, when another try of this very create may be the reason. */
async function explained(
  making: Making,
  key: ResourceKey,
  request: Request,
  error: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof ProviderFault)) return error
  const facts = (kind: ProviderFault['kind'], outcome: ProviderFault['outcome'], message: string) =>
    new ProviderFault({ kind, outcome }, message, { cause: error })
  const away = await memberAway(making, request, error, signal)
  // What could not be made there can be made elsewhere.
  if (away !== undefined) return facts('capacity', error.outcome, `${away}: ${error.message}`)
  if (error.outcome === 'unknown') return error
  if (await findOurs(making.api, key, request, signal)) return facts('transient', 'done', 'another call is making it')
  // Taken a moment ago and gone again, as a stranger would have been told of: worth another try.
  if (error.kind === 'nameTaken') return facts('transient', 'none', error.message)
  // The request names an image, a pool and a network; "not found" means one of those.
  return error.kind === 'gone' ? facts('rejected', 'none', error.message) : error
}

/** How the cluster member we asked for is away, if it is: its refusals speak of all kinds of things. */
async function memberAway(
  { api, standalone }: Making,
  { zone, host }: Request,
  error: ProviderFault,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (standalone !== null || (error.kind !== 'transient' && error.kind !== 'denied')) return undefined
  const name = host ?? zone
  const path = `/cluster/members/${encodeURIComponent(name)}`
  const member = await api.find(path, memberSchema, signal).catch(() => undefined)
  return member && member.status !== 'Online' ? `member ${name} is ${member.status.toLowerCase()}` : undefined
}

async function startMachine(api: Api, name: string, signal: AbortSignal): Promise<void> {
  try {
    await api.change('PUT', `/instances/${name}/state`, { action: 'start', timeout: -1, force: false }, signal)
  } catch (error) {
    if (!/already running/i.test(error instanceof Error ? error.message : '')) throw error
  }
}
