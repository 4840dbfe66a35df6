// Removing a machine: stop it hard, delete it, wait for the server to say so. What is absent already is success; what
// does not carry our owner and key is somebody else's and stays.

import type { OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Api } from './api.ts'
import { type Instance, instanceSchema, isOurs } from './instance.ts'
import { nativeName } from './tags.ts'

/** Destroys the machine of a key. Throws ProviderFault `nameTaken` for a stranger's. */
export async function destroyMachine(api: Api, owner: OwnerTag, key: ResourceKey, signal: AbortSignal): Promise<void> {
  const name = nativeName(key)
  if (!(await findToDestroy(api, owner, key, signal))) return
  // A create that is still unpacking would otherwise finish after us.
  await api.settled(name, signal)
  const found = await findToDestroy(api, owner, key, signal)
  if (!found) return
  try {
    if (found.status !== 'Stopped') await stop(api, name, signal)
    await api.change('DELETE', `/instances/${name}`, undefined, signal)
  } catch (error) {
    // Somebody else may have removed it meanwhile; a failed operation says so in many words.
    if (!(await findToDestroy(api, owner, key, signal))) return
    throw error
  }
}

async function findToDestroy(
  api: Api,
  owner: OwnerTag,
  key: ResourceKey,
  signal: AbortSignal,
): Promise<Instance | undefined> {
  const found = await api.find(`/instances/${nativeName(key)}`, instanceSchema, signal)
  if (found && !isOurs(found, owner, key)) {
    throw new ProviderFault({ kind: 'nameTaken', outcome: 'none' }, `${found.name} is not ours and is left alone`)
  }
  return found
}

async function stop(api: Api, name: string, signal: AbortSignal): Promise<void> {
  try {
    await api.change('PUT', `/instances/${name}/state`, { action: 'stop', timeout: 30, force: true }, signal)
  } catch (error) {
    if (!/already stopped|not running/i.test(error instanceof Error ? error.message : '')) throw error
  }
}
