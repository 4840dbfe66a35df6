// Static addresses in the making. Between choosing one and its machine being written down at the server only this
// process knows of it, so it is remembered here; what another process chose meanwhile is seen by `confirm`.

import type { Random } from '../../src/kernel/seams.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import { addressesOf, chooseAddress } from './addresses.ts'
import type { StaticNetwork } from './config.ts'
import type { Instance } from './instance.ts'

export interface Claims {
  /** A free address, kept from others in this process until `release`. Throws ProviderFault `capacity` when none is. */
  choose(signal: AbortSignal): Promise<string>
  /** Whether no other instance than `name` holds the address. */
  confirm(name: string, address: string, signal: AbortSignal): Promise<boolean>
  release(address: string): void
}

/** `instances`: every instance we may see on the server, whosoever it is. */
export function claimsOn(
  network: StaticNetwork,
  instances: (signal: AbortSignal) => Promise<readonly Instance[]>,
  random: Random,
): Claims {
  const choosing = new Set<string>()
  return {
    async choose(signal) {
      const taken = new Set((await instances(signal)).flatMap(addressesOf))
      // No await between the choice and its note: two callers cannot get the same.
      const address = chooseAddress(network, taken.union(choosing), random)
      if (address === undefined) {
        const message = `no address is free between ${network.from} and ${network.to}`
        throw new ProviderFault({ kind: 'capacity', outcome: 'none' }, message)
      }
      choosing.add(address)
      return address
    },
    async confirm(name, address, signal) {
      const others = (await instances(signal)).filter((instance) => instance.name !== name)
      return !others.some((instance) => addressesOf(instance).includes(address))
    },
    release: (address) => choosing.delete(address),
  }
}
