import type { Endpoint } from '../../../src/kernel/endpoint.ts'
import type { NativeRef, ResourceKey, Resources } from '../../../src/provider/contract.ts'
import type { SimMachine } from './sim-machine.ts'

// Machines by whatever they are asked for, so that a world of thousands answers as quickly as one of three.

export interface Registry {
  all(): Iterable<SimMachine>
  byRef(ref: NativeRef): SimMachine | undefined
  withKey(key: ResourceKey): readonly SimMachine[]
  at(endpoint: Endpoint): SimMachine | undefined
  byAddress(address: string): SimMachine | undefined
  onHost(host: string): Iterable<SimMachine>
  /** Room taken on a host by creates that are under way. */
  held(host: string): readonly Resources[]
  /** Holds room on a host until the answer is called. */
  hold(host: string, resources: Resources): () => void
  put(machine: SimMachine): void
  drop(machine: SimMachine): void
}

export function createRegistry(): Registry {
  const machines = new Map<NativeRef, SimMachine>()
  const keys = new Map<ResourceKey, SimMachine[]>()
  const endpoints = new Map<string, SimMachine>()
  const addresses = new Map<string, SimMachine>()
  const hosts = new Map<string, Set<SimMachine>>()
  const holds = new Map<string, Resources[]>()

  return {
    all: () => machines.values(),
    byRef: (ref) => machines.get(ref),
    withKey: (key) => keys.get(key) ?? [],
    at: (endpoint) => endpoints.get(nameOf(endpoint)),
    byAddress: (address) => addresses.get(address),
    onHost: (host) => hosts.get(host) ?? [],
    held: (host) => holds.get(host) ?? [],
    hold: (host, resources) => {
      const held = holds.get(host) ?? []
      holds.set(host, held)
      held.push(resources)
      return () => {
        held.splice(held.indexOf(resources), 1)
      }
    },
    put: (machine) => {
      machines.set(machine.ref, machine)
      keys.set(machine.key, [...(keys.get(machine.key) ?? []), machine])
      endpoints.set(nameOf(machine.endpoint), machine)
      addresses.set(machine.address, machine)
      const there = hosts.get(machine.host) ?? new Set()
      hosts.set(machine.host, there.add(machine))
    },
    drop: (machine) => {
      machines.delete(machine.ref)
      const rest = (keys.get(machine.key) ?? []).filter((other) => other !== machine)
      if (rest.length === 0) keys.delete(machine.key)
      else keys.set(machine.key, rest)
      // A port may be another machine's by now.
      if (endpoints.get(nameOf(machine.endpoint)) === machine) endpoints.delete(nameOf(machine.endpoint))
      addresses.delete(machine.address)
      hosts.get(machine.host)?.delete(machine)
    },
  }
}

function nameOf({ address, port }: Endpoint): string {
  return `${address}:${port}`
}
