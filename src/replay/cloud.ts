// A provider that answers as the recorded one did: it makes what was made and refuses what was refused.

import { z } from 'zod'
import type { Clock } from '../kernel/seams.ts'
import type {
  HostReport,
  MachineRequest,
  NativeRef,
  Observed,
  OwnerTag,
  ProviderKind,
  ResourceKey,
  Session,
} from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Recording } from './script.ts'

export interface ReplayCloud {
  readonly kind: ProviderKind
  /** `worker-1@2` of the machine at an address. */
  memberAt(address: string): string | undefined
  /** The member's machine is gone, and nobody was asked. */
  lose(member: string): void
}

interface Machine {
  readonly key: ResourceKey
  readonly owner: OwnerTag
  readonly member: string
  readonly address: string
  readonly request: MachineRequest
  state: Observed['state']
}

const faults: Readonly<Record<string, ProviderFault['kind']>> = {
  provider_unreachable: 'transient',
  provider_denied: 'denied',
  provider_capacity: 'capacity',
  provider_rejected: 'rejected',
  resource_name_taken: 'nameTaken',
}
const plenty = { cpu: 1e6, memoryBytes: 2 ** 50, diskBytes: 2 ** 50 }
const bootMs = 1_000

export function replayCloud(
  hosts: readonly { readonly name: string; readonly zone: string }[],
  recording: Recording,
  clock: Clock,
): ReplayCloud {
  const machines = new Map<ResourceKey, Machine>()
  let serial = 0

  const observed = (machine: Machine): Observed => ({
    key: machine.key,
    ref: `replay-${machine.address}` as NativeRef,
    owner: machine.owner,
    kind: 'machine',
    state: machine.state,
    endpoints: machine.state === 'running' ? [{ address: machine.address, port: 22 }] : [],
    placement: { zone: machine.request.zone, host: machine.request.host },
    specHash: machine.request.specHash,
    createdAt: null,
  })

  async function create(key: ResourceKey, request: MachineRequest): Promise<NativeRef> {
    const found = machines.get(key)
    if (found) return observed(found).ref
    const member = key.split('/').at(-1) ?? ''
    const step = `machine/${member}`
    const trouble = recording.nextTrouble(step)
    const fault = faults[trouble?.code ?? '']
    if (fault) throw new ProviderFault({ kind: fault, outcome: 'none' }, trouble?.detail ?? 'as recorded')
    serial += 1
    const address = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`
    const machine: Machine = { key, owner: request.owner, member, address, request, state: 'creating' }
    machines.set(key, machine)
    if (trouble?.code === 'machine_dead') machine.state = 'failed'
    else if (recording.everDone(step)) {
      clock.sleep(bootMs).then(
        () => {
          machine.state = 'running'
        },
        () => undefined,
      )
    }
    return observed(machine).ref
  }

  const session: Session = {
    capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'token', hosts: true, power: false },
    probe: async () => ({ identity: 'replay', version: 'replay', latencyMs: 0, missingRights: [] }),
    async *inventory(): AsyncGenerator<HostReport> {
      for (const host of hosts.length > 0 ? hosts : [{ name: 'host-1', zone: 'zone-1' }])
        yield { ...host, capacity: plenty, used: null, state: 'ready' }
    },
    create,
    async *observe(_owner, keys) {
      for (const { key } of keys) {
        const machine = machines.get(key)
        if (machine) yield observed(machine)
      }
    },
    async destroy(_owner, key) {
      machines.delete(key)
    },
    async *list() {
      for (const machine of machines.values()) yield observed(machine)
    },
    async [Symbol.asyncDispose]() {},
  }
  return {
    kind: {
      kind: 'replay',
      simulated: true,
      config: z.strictObject({}),
      machineSpec: z.unknown(),
      connect: async () => session,
    },
    memberAt: (address) => [...machines.values()].find((machine) => machine.address === address)?.member,
    lose(member) {
      for (const machine of machines.values()) if (machine.member === member) machines.delete(machine.key)
    },
  }
}
