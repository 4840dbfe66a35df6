// Static addresses on a bridge others may use too. Nobody hands them out, so we look at every machine's configuration,
// take a free one at random (two Gantrys rarely meet), and look again after the machine is written and before it
// starts: of two that took the same address, at least the one that looks last sees the other and takes another.

import type { Random } from '../../src/kernel/seams.ts'
import type { StaticNetwork } from './config.ts'
import type { Instance } from './instance.ts'
import { formatAddress, parseAddress } from './ipv4.ts'
import { addressKey } from './tags.ts'

/** Addresses that an instance holds by configuration: ours, or anybody's by raw.lxc or a device. */
export function addressesOf(instance: Instance): string[] {
  const config = instance.expanded_config
  const found: string[] = []
  const ours = config[addressKey]
  if (ours !== undefined) found.push(ours)
  for (const [, address] of (config['raw.lxc'] ?? '').matchAll(/\.ipv4\.address\s*=\s*([\d.]+)/g)) {
    if (address !== undefined) found.push(address)
  }
  for (const device of Object.values(instance.expanded_devices)) {
    for (const address of (device['ipv4.address'] ?? '').split(',')) {
      if (parseAddress(address.trim()) !== undefined) found.push(address.trim())
    }
  }
  return found
}

/** A free address of the network's range, or undefined when there is none. */
export function chooseAddress(network: StaticNetwork, taken: ReadonlySet<string>, random: Random): string | undefined {
  const first = parseAddress(network.from) ?? 0
  const size = (parseAddress(network.to) ?? 0) - first + 1
  const start = Math.floor(random.next() * size)
  for (let step = 0; step < size; step++) {
    const address = formatAddress(first + ((start + step) % size))
    if (address !== network.gateway && !taken.has(address)) return address
  }
  return undefined
}

/** The raw.lxc lines that give a container its address before its init runs. */
export function addressLines(network: StaticNetwork, address: string): string {
  return `lxc.net.0.ipv4.address = ${address}/${network.prefix}\nlxc.net.0.ipv4.gateway = ${network.gateway}`
}
