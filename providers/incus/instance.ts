// An instance as Incus describes it, and what that means to us.

import { z } from 'zod'
import type { NativeRef, Observed, OwnerTag, ResourceKey } from '../../src/provider/contract.ts'
import { addressKey, ownerKey, preparedKey, resourceKeyKey, specKey } from './tags.ts'

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
  config: stringMap,
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

/** Undefined when the instance carries no tags of ours. */
export function toObserved(instance: Instance, serverName: string): Observed | undefined {
  const { [ownerKey]: owner, [resourceKeyKey]: key, [specKey]: specHash } = instance.config
  if (owner === undefined || key === undefined) return undefined
  const addresses = machineAddresses(instance)
  const member = instance.location === 'none' ? serverName : instance.location
  return {
    key: key as ResourceKey,
    ref: instance.name as NativeRef,
    owner: owner as OwnerTag,
    kind: 'machine',
    ...stateOf(instance),
    endpoints: addresses.slice(0, 1).map((address) => ({ address, port: 22 })),
    addresses,
    placement: { zone: member, host: member },
    specHash: specHash ?? null,
    createdAt: Date.parse(instance.created_at) || null,
  }
}

function stateOf(instance: Instance): Pick<Observed, 'state' | 'reason' | 'unfinished'> {
  const made = stageOf(instance) === 'complete'
  switch (instance.status) {
    case 'Running':
    case 'Ready':
    case 'Thawed':
    case 'Freezing':
      return { state: 'running' }
    case 'Starting':
      return { state: 'creating' }
    case 'Stopped':
    case 'Stopping':
    case 'Aborting':
    case 'Frozen':
      return made ? { state: 'stopped' } : { state: 'creating', unfinished: true }
    default:
      return { state: 'failed', reason: `Incus says ${instance.status}` }
  }
}
