// Looking. A few keys are asked for one by one, which costs the server nothing; more of them by one list filtered to
// our owner, which costs it the same however many we want. The filter is a help: what comes back is checked again.

import { z } from 'zod'
import type { Observed, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import type { Api } from './api.ts'
import { type Instance, instanceSchema, isOurs, toObserved } from './instance.ts'
import { nativeName, ownerKey } from './tags.ts'

const singly = 4
const instancesSchema = z.array(instanceSchema).nullable()

export interface Looking {
  readonly api: Api
  readonly serverName: string
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
  const found =
    wanted.size <= singly
      ? await Promise.all([...wanted.keys()].map((name) => getInstance(looking, name, signal)))
      : await listInstances(looking, owner, signal)
  for (const instance of found) {
    const key = instance && wanted.get(instance.name)
    if (!instance || key === undefined || !isOurs(instance, owner, key)) continue
    const observed = toObserved(instance, looking.serverName)
    if (observed) yield observed
  }
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

function getInstance({ api, needsState }: Looking, name: string, signal: AbortSignal): Promise<Instance | undefined> {
  return api.find(`/instances/${name}`, instanceSchema, signal, needsState ? { recursion: '1' } : {})
}

async function listInstances({ api, needsState }: Looking, owner: OwnerTag, signal: AbortSignal): Promise<Instance[]> {
  const query = { recursion: needsState ? '2' : '1', filter: `config.${ownerKey} eq ${owner}` }
  return (await api.get('/instances', instancesSchema, signal, query)) ?? []
}
