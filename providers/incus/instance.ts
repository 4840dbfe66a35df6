// An instance as Incus describes it, and what that means to us.

import { z } from 'zod'
import type { NativeRef, Observed, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { shapeOf } from './shape.ts'
import { addressKey, nativeName, ownerKey, preparedKey, resourceKeyKey, shapeKey, specKey } from './tags.ts'

const stringMap = z.record(z.string(), z.string())

const addressSchema = z.object({ family: z.string(), address: z.string(), scope: z.string() })

export const instanceSchema = z.object({
  name: z.string(),
  status: z.string(),
  type: z.string(),
  created_at: z.string(),
  last_used_at: z.string(),
  /** Cluster member; 'none' on a standalone server. */
  location: z.string(),
  /** Null, and no tags with it, when the cluster member that has the instance does not answer. */
  config: stringMap.nullish().transform((value) => value ?? {}),
  devices: z
    .record(z.string(), stringMap)
    .nullish()
    .transform((value) => value ?? {}),
  expanded_config: stringMap.nullish().transform((value) => value ?? {}),
  expanded_devices: z
    .record(z.string(), stringMap)
    .nullish()
    .transform((value) => value ?? {}),
  /** Only when asked for in full. */
  state: z
    .object({
      network: z
        .record(z.string(), z.object({ type: z.string().optional(), addresses: z.array(addressSchema) }))
        .nullish(),
    })
    .nullish(),
})
export type Instance = z.infer<typeof instanceSchema>

/**
 * Whether the server knows of it by name only: its cluster member does not answer, or it cannot be read there. It is
 * in the list then, without any of its configuration, so that nobody can tell whose it is.
 */
export function isUnreadable(instance: Instance): boolean {
  return instance.status === 'Error' && Object.keys(instance.config).length === 0
}

/** Whether it is ours: made by this owner for this very key. */
export function isOurs(instance: Instance, owner: OwnerTag, key: ResourceKey): boolean {
  return instance.config[ownerKey] === owner && instance.config[resourceKeyKey] === key
}

/**
 * How far its making went: `bare` (nothing placed in it yet, or not wholly unpacked), `prepared` (to be started),
 * `complete` (it was started once). Incus writes 1970 as the last use of what never ran.
 */
export function stageOf(instance: Instance): 'bare' | 'prepared' | 'complete' {
  if (Date.parse(instance.last_used_at) > 0) return 'complete'
  return instance.config[preparedKey] === undefined ? 'bare' : 'prepared'
}

/** IPv4 addresses by which it is reached: the one we gave, else those its network gave. */
export function machineAddresses(instance: Instance): string[] {
  const given = instance.config[addressKey]
  if (given !== undefined) return [given]
  const found: string[] = []
  for (const [name, device] of Object.entries(instance.state?.network ?? {})) {
    // Addresses of bridges made inside (docker0) are not addresses of the machine.
    if (!/^(eth|en)/.test(name)) continue
    for (const { family, address, scope } of device.addresses) {
      if (family === 'inet' && scope === 'global') found.push(address)
    }
  }
  return found
}

/**
 * Undefined when the instance is none of ours: it carries no tags of ours, or it carries them under a name that is not
 * its key's, as a copy does that somebody made of our machine. A copy is its maker's.
 */
export function toObserved(instance: Instance, serverName: string): Observed | undefined {
  const { [ownerKey]: owner, [resourceKeyKey]: key } = instance.config
  if (owner === undefined || key === undefined || instance.name !== nativeName(key as ResourceKey)) return undefined
  const addresses = machineAddresses(instance)
  return {
    key: key as ResourceKey,
    ref: instance.name as NativeRef,
    owner: owner as OwnerTag,
    kind: 'machine',
    ...stateOf(instance),
    endpoints: addresses.slice(0, 1).map((address) => ({ address, port: 22 })),
    addresses,
    placement: placementOf(instance, serverName),
    specHash: specHashOf(instance),
    createdAt: Date.parse(instance.created_at) || null,
  }
}

/** Of the request it was made by, as long as it is as that request made it; of machines from before that is not known. */
function specHashOf({ config, devices }: Instance): string | null {
  const { [specKey]: asked, [shapeKey]: made } = config
  if (asked === undefined) return null
  const shape = shapeOf(config, devices)
  return made === undefined || made === shape ? asked : `${asked}, changed to ${shape}`
}

/**
 * The machine of a key, of which the server has the name and no more. Whatever has this name is in the way of `key`
 * and proves that its machine is not gone; whether it is ours is asked again before anything is done to it.
 */
export function unreadable(instance: Instance, owner: OwnerTag, key: ResourceKey, serverName: string): Observed {
  const placement = placementOf(instance, serverName)
  const reason = `${placement.host} does not answer for it`
  return { ...bare(owner, key), ref: instance.name as NativeRef, state: 'failed', reason, placement }
}

/** The machine of a key that the server is about to make: it has no record yet and cannot be taken back. */
export function inTheMaking(owner: OwnerTag, key: ResourceKey, serverName: string): Observed {
  const placement = { zone: serverName, host: null }
  return {
    ...bare(owner, key),
    ref: nativeName(key) as string as NativeRef,
    state: 'creating',
    unfinished: true,
    placement,
  }
}

function bare(owner: OwnerTag, key: ResourceKey) {
  return { key, owner, kind: 'machine' as const, endpoints: [], addresses: [], specHash: null, createdAt: null }
}

function placementOf({ location }: Instance, serverName: string): { readonly zone: string; readonly host: string } {
  const member = location === 'none' ? serverName : location
  return { zone: member, host: member }
}

function stateOf(instance: Instance): Pick<Observed, 'state' | 'reason' | 'unfinished'> {
  const made = stageOf(instance) === 'complete'
  switch (instance.status) {
    case 'Running':
    case 'Ready':
    case 'Thawed':
    // A machine is frozen by whoever takes a snapshot or a backup of it, for as long as that takes.
    case 'Freezing':
    case 'Frozen':
      return { state: 'running' }
    case 'Starting':
      return { state: 'creating' }
    case 'Stopped':
    case 'Stopping':
    case 'Aborting':
      return made ? { state: 'stopped' } : { state: 'creating', unfinished: true }
    default:
      return { state: 'failed', reason: `Incus says ${instance.status}` }
  }
}
