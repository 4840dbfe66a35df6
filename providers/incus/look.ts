// Looking. A few keys are asked for one by one, which costs the server nothing; more of them by one list filtered to
// our owner, which costs it the same however many we want. The filter is a help: what comes back is checked again.
// Absence must be certain, as receipts rest on it. So it is neither what the filter hides (instances of a cluster member
// that does not answer have no tags), nor a create the server has taken and not yet begun.

import { z } from 'zod'
import type { Observed, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api } from './api.ts'
import { type Instance, instanceSchema, inTheMaking, isOurs, isUnreadable, toObserved, unreadable } from './instance.ts'
import { nativeName, ownerKey } from './tags.ts'

const singly = 4
const instancesSchema = z.array(instanceSchema).nullable()

export interface Looking {
  readonly api: Api
  readonly serverName: string
  readonly clustered: boolean
  /** Whether addresses are only in the machine's state, which is dearer to ask for. */
  readonly needsState: boolean
}

export async function* observeMachines(
  looking: Looking,
  owner: OwnerTag,
  keys: readonly ResourceKey[],
  signal: AbortSignal,
): AsyncIterable<Observed> {
  const wanted = new Map(keys.map((key) => [nativeName(key), key]))
  const first = await findInstances(looking, owner, [...wanted.keys()], signal)
  yield* known(looking, owner, wanted, first)
  const absent = without(wanted, first)
  if (absent.size === 0) return
  // A create begins as an operation: in a cluster the image may have to be copied for minutes before there is a record.
  const underWay = await looking.api.underWay(signal)
  for (const [name, key] of absent) if (underWay.has(name)) yield inTheMaking(owner, key, looking.serverName)
  // Again, because an operation may have ended between the two.
  const quiet = [...absent.keys()].filter((name) => !underWay.has(name))
  if (quiet.length > 0) yield* known(looking, owner, absent, await findInstances(looking, owner, quiet, signal))
}

function* known(
  { serverName }: Looking,
  owner: OwnerTag,
  wanted: ReadonlyMap<string, ResourceKey>,
  found: readonly Instance[],
): Iterable<Observed> {
  for (const instance of found) {
    const key = wanted.get(instance.name)
    if (key === undefined) continue
    if (isUnreadable(instance)) yield unreadable(instance, owner, key, serverName)
    const observed = isOurs(instance, owner, key) ? toObserved(instance, serverName) : undefined
    if (observed) yield observed
  }
}

function without(wanted: ReadonlyMap<string, ResourceKey>, found: readonly Instance[]): Map<string, ResourceKey> {
  const rest = new Map(wanted)
  for (const { name } of found) rest.delete(name)
  return rest
}

export async function* listMachines(looking: Looking, owner: OwnerTag, signal: AbortSignal): AsyncIterable<Observed> {
  for (const instance of await listInstances(looking, owner, signal)) {
    const observed = toObserved(instance, looking.serverName)
    if (observed?.owner === owner) yield observed
  }
}

/** Every instance we may see, of every project, whosoever it is. */
export async function everyInstance(api: Api, signal: AbortSignal): Promise<Instance[]> {
  return (await api.get('/instances', instancesSchema, signal, { recursion: '1', 'all-projects': 'true' })) ?? []
}

/** Those of the names that there are, and perhaps others. */
async function findInstances(
  looking: Looking,
  owner: OwnerTag,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Instance[]> {
  if (names.length > singly) return listInstances(looking, owner, signal)
  try {
    const found = await Promise.all(names.map((name) => getInstance(looking, name, signal)))
    return found.filter((instance) => instance !== undefined)
  } catch (error) {
    // A member that does not answer fails the question for its own instance; the list says so and has the others.
    if (!looking.clustered || !(error instanceof ProviderFault) || error.kind === 'denied') throw error
    return listInstances(looking, owner, signal)
  }
}

function getInstance({ api, needsState }: Looking, name: string, signal: AbortSignal): Promise<Instance | undefined> {
  return api.find(`/instances/${name}`, instanceSchema, signal, needsState ? { recursion: '1' } : {})
}

async function listInstances({ api, needsState }: Looking, owner: OwnerTag, signal: AbortSignal): Promise<Instance[]> {
  const filter = `config.${ownerKey} eq ${owner} or status eq Error`
  const query = { recursion: needsState ? '2' : '1', filter }
  return (await api.get('/instances', instancesSchema, signal, query)) ?? []
}
