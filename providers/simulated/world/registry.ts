import type { Endpoint } from '../../../src/kernel/endpoint.ts'
import type { NativeRef, OwnerTag, ResourceKey, Resources } from '../../../src/provider/contract.ts'
import type { SimMachine } from './sim-machine.ts'

// Machines by whatever they are asked for, and the room they take, so that a world of thousands answers as quickly as
// one of three.

export interface Registry {
  all(): Iterable<SimMachine>
  byRef(ref: NativeRef): SimMachine | undefined
  withKey(key: ResourceKey): readonly SimMachine[]
  at(endpoint: Endpoint): SimMachine | undefined
  byAddress(address: string): SimMachine | undefined
  ofOwner(owner: OwnerTag): Iterable<SimMachine>
  /** Room held on a host. */
  used(host: string): Resources
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
  const owners = new Map<OwnerTag, Set<SimMachine>>()
  const usedOn = new Map<string, Resources>()

  const used = (host: string): Resources => usedOn.get(host) ?? none
  const add = (host: string, { cpu, memoryBytes, diskBytes }: Resources, sign: 1 | -1): void => {
    const before = used(host)
    usedOn.set(host, {
      cpu: before.cpu + sign * cpu,
      memoryBytes: before.memoryBytes + sign * memoryBytes,
      diskBytes: before.diskBytes + sign * diskBytes,
    })
  }

  return {
    all: () => machines.values(),
    byRef: (ref) => machines.get(ref),
    withKey: (key) => keys.get(key) ?? [],
    at: (endpoint) => endpoints.get(nameOf(endpoint)),
    byAddress: (address) => addresses.get(address),
    ofOwner: (owner) => owners.get(owner) ?? [],
    used,
    hold: (host, resources) => {
      add(host, resources, 1)
      let held = true
      return () => {
        if (held) add(host, resources, -1)
        held = false
      }
    },
    put: (machine) => {
      machines.set(machine.ref, machine)
      keys.set(machine.key, [...(keys.get(machine.key) ?? []), machine])
      endpoints.set(nameOf(machine.endpoint), machine)
      addresses.set(machine.address, machine)
      const theirs = owners.get(machine.owner) ?? new Set()
      owners.set(machine.owner, theirs.add(machine))
    },
    drop: (machine) => {
      machines.delete(machine.ref)
      const rest = (keys.get(machine.key) ?? []).filter((other) => other !== machine)
      if (rest.length === 0) keys.delete(machine.key)
      else keys.set(machine.key, rest)
      // A port may be another machine's by now.
      if (endpoints.get(nameOf(machine.endpoint)) === machine) endpoints.delete(nameOf(machine.endpoint))
      addresses.delete(machine.address)
      owners.get(machine.owner)?.delete(machine)
    },
  }
}

const none: Resources = { cpu: 0, memoryBytes: 0, diskBytes: 0 }

function nameOf({ address, port }: Endpoint): string {
  return `${address}:${port}`
}
