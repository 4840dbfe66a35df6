// The exact instance Incus is asked for.

import type { MachineRequest, ResourceKey } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { addressLines } from './addresses.ts'
import type { IncusConfig, IncusMachineSpec, NetworkConfig } from './config.ts'
import { shapeOf } from './shape.ts'
import { addressKey, nativeName, ownerKey, resourceKeyKey, shapeKey, specKey } from './tags.ts'

type Devices = Record<string, Record<string, string>>

/** The body of POST /instances. `address`: the static one, null when the network gives addresses. */
export function instanceBody(
  key: ResourceKey,
  request: MachineRequest & { readonly own: IncusMachineSpec },
  config: IncusConfig,
  address: string | null,
): object {
  const { own, resources } = request
  const given = {
    ...config.machineConfig,
    ...own.config,
    ...(address === null ? {} : addressConfig(config, own, address)),
    'limits.cpu': String(resources.cpu),
    'limits.memory': `${resources.memoryBytes}B`,
  }
  const devices = {
    // The pool decides whether a root disk has a size of its own; one that cannot (dir) says so in its log only.
    root: { type: 'disk', path: '/', pool: config.pool, size: `${resources.diskBytes}B` },
    ...networkDevices(config.network, request.networks),
    ...config.machineDevices,
    ...own.devices,
  }
  return {
    name: nativeName(key),
    type: 'container',
    profiles: [...config.profiles, ...own.profiles],
    source: { type: 'image', ...imageReference(request.image) },
    config: {
      ...given,
      [ownerKey]: request.owner,
      [resourceKeyKey]: key,
      [specKey]: request.specHash,
      [shapeKey]: shapeOf(given, devices),
    },
    devices,
  }
}

/** The configuration that carries a static address: after whatever raw.lxc the provider and the machine ask for. */
export function addressConfig(config: IncusConfig, own: IncusMachineSpec, address: string): Record<string, string> {
  if (config.network.kind !== 'static') return {}
  const raw = own.config['raw.lxc'] ?? config.machineConfig['raw.lxc']
  const lines = addressLines(config.network, address)
  return { 'raw.lxc': raw === undefined ? lines : `${raw.trimEnd()}\n${lines}`, [addressKey]: address }
}

/** An image by fingerprint (12 hex digits or more) or by alias. */
export function imageReference(image: string): { fingerprint: string } | { alias: string } {
  return /^[0-9a-f]{12,64}$/.test(image) ? { fingerprint: image } : { alias: image }
}

function networkDevices(network: NetworkConfig, asked: readonly string[]): Devices {
  switch (network.kind) {
    case 'static':
      if (asked.some((name) => name !== network.bridge)) {
        throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, `only network ${network.bridge} is configured`)
      }
      return { eth0: { type: 'nic', nictype: 'bridged', parent: network.bridge, name: 'eth0' } }
    case 'managed': {
      const devices: Devices = {}
      const names = asked.length > 0 ? asked : [network.network]
      for (const [index, name] of names.entries()) {
        devices[`eth${index}`] = { type: 'nic', network: name, name: `eth${index}` }
      }
      return devices
    }
  }
}
