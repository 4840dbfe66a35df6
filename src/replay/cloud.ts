// A provider that answers as the recorded one did: machines are there, and gone, when they were.

import { z } from 'zod'
import type { Journal } from '../kernel/journal.ts'
import type { Clock } from '../kernel/seams.ts'
import type {
  HostReport,
  MachineRequest,
  NativeRef,
  Observed,
  OwnerTag,
  PowerCall,
  ProviderKind,
  ResourceKey,
  Session,
} from '../provider/contract.ts'
import { ProviderFault } from '../provider/fault.ts'
import type { Recording } from './recording.ts'

export interface ReplayCloud {
  readonly kind: ProviderKind
  /** `worker-1@2` of the machine that answers at an address. */
  memberAt(address: string): string | undefined
  /** From now on the member's machine is not there, is there and does not run, is another than was asked for, or is well again. */
  strike(member: string, how: 'gone' | 'off' | 'changed' | 'well'): void
  /** From now on the host or the zone of that name is dead, or well again. */
  strikePlace(name: string, dead: boolean): void
}

interface Machine {
  readonly key: ResourceKey
  readonly owner: OwnerTag
  readonly member: string
  readonly address: string
  readonly request: MachineRequest
  state: Observed['state']
}

const plenty = { cpu: 1e6, memoryBytes: 2 ** 50, diskBytes: 2 ** 50 }
const noRoom = { cpu: 0, memoryBytes: 0, diskBytes: 0 }
/** A step looks so often, and takes what it sees for what it comes to, ms. */
const lookMs = 300
/** It calls dead what it has seen to have failed for a while, ms. */
const failedMs = 2_000

export function replayCloud(journal: Journal, recording: Recording, clock: Clock): ReplayCloud {
  const machines = new Map<ResourceKey, Machine>()
  const struck = new Map<string, 'gone' | 'off' | 'changed'>()
  const deadPlaces = new Set<string>()
  let serial = 0

  async function observed(machine: Machine): Promise<Observed | undefined> {
    const how = struck.get(machine.member)
    if (how === 'gone' || !(await moves(machine))) return undefined
    const state = how === 'off' && machine.state === 'running' ? 'stopped' : machine.state
    return {
      key: machine.key,
      ref: refOf(machine),
      owner: machine.owner,
      kind: 'machine',
      state,
      endpoints: state === 'running' ? [{ address: machine.address, port: 22 }] : [],
      placement: { zone: machine.request.zone, host: machine.request.host },
      specHash: how === 'changed' ? `not ${machine.request.specHash}` : machine.request.specHash,
      createdAt: null,
    }
  }

  /** Lets it become what it became by now; false when it is gone. */
  async function moves(machine: Machine): Promise<boolean> {
    if (machine.state !== 'creating' && machine.state !== 'deleting') return true
    const { next, at } = await recording.expected(stepOf(machine.member))
    if (next?.code === 'machine_dead' && clock.now() >= at - failedMs) machine.state = 'failed'
    if (clock.now() < at - lookMs) return true
    if (machine.state === 'deleting') {
      if (next?.outcome === 'done') machines.delete(machine.key)
      return next?.outcome !== 'done'
    }
    if (next?.outcome === 'done') machine.state = 'running'
    return true
  }

  async function create(key: ResourceKey, request: MachineRequest): Promise<NativeRef> {
    const found = machines.get(key)
    if (found) return refOf(found)
    const member = key.split('/').at(-1) ?? ''
    serial += 1
    const address = `10.${(serial >> 16) & 255}.${(serial >> 8) & 255}.${serial & 255}`
    const machine: Machine = { key, owner: request.owner, member, address, request, state: 'creating' }
    machines.set(key, machine)
    await loseAnswer(key)
    return refOf(machine)
  }

  /** What was asked for takes place; whether the asker hears of it is recorded. */
  async function loseAnswer(key: ResourceKey): Promise<void> {
    const { next } = await recording.expected(stepOf(key.split('/').at(-1) ?? ''))
    if (next?.effect === 'unknown')
      throw new ProviderFault({ kind: 'transient', outcome: 'unknown' }, next.detail ?? 'as recorded')
  }

  async function* seen(wanted: Iterable<Machine | undefined>): AsyncGenerator<Observed> {
    for (const machine of wanted) {
      const found = machine && (await observed(machine))
      if (found) yield found
    }
  }

  async function power(_owner: OwnerTag, key: ResourceKey, to: PowerCall): Promise<void> {
    const machine = machines.get(key)
    if (!machine) throw new ProviderFault({ kind: 'gone', outcome: 'none' }, 'it is not there')
    machine.state = to === 'on' || to === 'reset' ? 'running' : 'stopped'
  }

  const session: Session = {
    capabilities: { lookup: 'consistent', settleMs: 0, createIdempotency: 'token', hosts: true, power: true },
    probe: async () => ({ identity: 'replay', version: 'replay', latencyMs: 0, missingRights: [] }),
    async *inventory(): AsyncGenerator<HostReport> {
      for (const place of placesOf(journal)) {
        const isDead = deadPlaces.has(place.name) || deadPlaces.has(place.zone)
        yield { ...place, used: null, state: isDead ? 'unreachable' : 'ready' }
      }
    },
    create,
    observe: (_owner, keys) => seen([...keys].map(({ key }) => machines.get(key))),
    async destroy(_owner, key) {
      const machine = machines.get(key)
      if (machine) machine.state = 'deleting'
      await loseAnswer(key)
    },
    list: () => seen([...machines.values()]),
    power,
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
    memberAt(address) {
      const machine = [...machines.values()].find((one) => one.address === address)
      const how = machine && struck.get(machine.member)
      return machine?.state === 'running' && how !== 'gone' && how !== 'off' ? machine.member : undefined
    },
    strike(member, how) {
      if (how === 'well') struck.delete(member)
      else struck.set(member, how)
    },
    strikePlace(name, dead) {
      if (dead) deadPlaces.add(name)
      else deadPlaces.delete(name)
    },
  }
}

const stepOf = (member: string) => `machine/${member}`
const refOf = ({ address }: Machine) => `replay-${address}` as NativeRef

/** Hosts with room for everything, as what else they carry is not told; a zone where its hosts are not shown. */
function placesOf({ house, seats }: Journal): Pick<HostReport, 'name' | 'zone' | 'capacity'>[] {
  const told = house.hosts.map((host) => ({ ...host, capacity: plenty }))
  // A zone is dead when all of several hosts are: those on which the platform had nothing are not told.
  const others = [...new Set(told.map(({ zone }) => zone))].map((zone) => ({
    name: `${zone}: others`,
    zone,
    capacity: noRoom,
  }))
  const hosts = [...told, ...others]
  const zones = new Set(seats.filter(({ host }) => host === null).map(({ zone }) => zone))
  if (hosts.length + zones.size === 0) return [{ name: 'host-1', zone: 'zone-1', capacity: plenty }]
  return [...hosts, ...[...zones].map((zone) => ({ name: zone, zone, capacity: null }))]
}
