import type { Endpoint } from '../../../src/kernel/endpoint.ts'
import type { Random, Seams } from '../../../src/kernel/seams.ts'
import type { MachineRequest, NativeRef, OwnerTag, ResourceKey, Resources } from '../../../src/provider/contract.ts'
import { commandsTable } from '../shell/commands/index.ts'
import { engineOf } from '../shell/docker/engine.ts'
import type { Commands } from '../shell/inside.ts'
import type { Cluster } from '../swarm/cluster.ts'
import { clustersFrom, clustersState } from '../swarm/copy.ts'
import { createSwarms, type Swarms } from '../swarm/swarms.ts'
import { createAgenda } from './agenda.ts'
import { type Leaving, type SimMachineState, simMachineStates, type WorldState } from './copy.ts'
import type { FaultSwitches, HostLayout, WorldLayout } from './layout.ts'
import { machineOf } from './machine-of.ts'
import { createRegistry } from './registry.ts'
import { answers, type SimMachine, stateOf } from './sim-machine.ts'

// The outside world in memory: hosts, machines, their network. It knows no socket and no timer of its own, so
// the same world stands behind the daemon's real SSH and behind a history on a virtual clock.

export interface World {
  readonly layout: WorldLayout
  readonly seams: Seams
  /** Switches that tests turn while the world runs. */
  readonly faults: FaultSwitches
  readonly hosts: readonly HostLayout[]
  readonly swarms: Swarms
  /** Every machine that is not gone yet. */
  living(): readonly SimMachine[]
  /** What lists show now of an owner's: they may lag on both sides. */
  visibleOf(owner: OwnerTag): readonly SimMachine[]
  /** The same, of one key. */
  visibleWith(key: ResourceKey): readonly SimMachine[]
  byRef(ref: NativeRef): SimMachine | undefined
  at(endpoint: Endpoint): SimMachine | undefined
  byAddress(address: string): SimMachine | undefined
  /** What is used on a host by machines that are not gone. */
  used(host: string): Resources
  /** Puts a machine on a host, asking nobody. */
  add(key: ResourceKey, request: MachineRequest, host: HostLayout): Promise<SimMachine>
  remove(machine: SimMachine): void
  /** `silent`: answers nothing; `failed`: and the cloud says so; `vanished`: gone without being asked; `off`: powered off; `changed`: another than was asked for. */
  kill(machine: SimMachine, how: 'silent' | 'failed' | 'vanished' | 'off' | 'changed'): void
  powerOn(machine: SimMachine): void
  reset(machine: SimMachine): void
  /** Told after every change of a machine, e.g. to close its sockets. */
  onChange(listener: (machine: SimMachine) => void): void
  /** For a world that goes on from here; undefined while something runs in a machine. Chance is not the world's own. */
  state(): WorldState | undefined
}

/** Gives a machine the place where its SSH answers; the daemon opens a port here. */
export type Opener = (ref: NativeRef, address: string) => Endpoint | Promise<Endpoint>

/** `extra` commands are what a test's machines have beyond those of Debian; `from` is the world that this one goes on with. */
export function createWorld(
  layout: WorldLayout,
  seams: Seams,
  random: Random,
  open: Opener = own,
  extra: Commands = {},
  from?: WorldState,
): World {
  const commands = { ...commandsTable, ...extra }
  const registry = createRegistry()
  /** By machine, what gives its room back. */
  const room = new Map<NativeRef, () => void>()
  const agenda = createAgenda(({ ref, what }: Leaving) => {
    const machine = registry.byRef(ref)
    if (what === 'list' && machine) registry.drop(machine)
    if (what === 'room') room.get(ref)?.()
    if (what === 'room') room.delete(ref)
  }, from?.agenda)
  const listeners: ((machine: SimMachine) => void)[] = []
  const faults = { ...(from?.faults ?? layout.faults) }
  const clusters = new Map<string, Cluster>()
  let serial = from?.serial ?? 0

  const now = (): number => seams.clock.now()
  const spread = (ms: number): number => Math.round(ms * (1 + layout.jitter * (2 * random.next() - 1)))
  const tell = (machine: SimMachine): void => {
    for (const listener of listeners) listener(machine)
  }
  const lag = (): number => (layout.lookup === 'eventual' ? Math.round(layout.settleMs * random.next()) : 0)
  const sweep = (): void => agenda.until(now())
  /** Its room is free when it is gone, and nothing is known of it when the last list has forgotten it. */
  const leave = (machine: SimMachine, goneAt: number, shownUntil: number): void => {
    machine.goneAt = goneAt
    machine.shownUntil = shownUntil
    agenda.add(goneAt, { ref: machine.ref, what: 'room' })
    agenda.add(Math.max(goneAt, shownUntil), { ref: machine.ref, what: 'list' })
  }
  const isAlive = (machine: SimMachine): boolean => stateOf(machine, now()) !== null
  const isShown = (machine: SimMachine): boolean =>
    now() >= machine.visibleAt && (isAlive(machine) || now() < machine.shownUntil)
  const ifAlive = (machine: SimMachine | undefined): SimMachine | undefined =>
    machine !== undefined && isAlive(machine) ? machine : undefined
  const stop = (machine: SimMachine): void => {
    if (machine.entered) machine.inside().halt()
  }

  const simMachine = (data: SimMachineState): SimMachine =>
    machineOf(data, { layout, seams: { clock: seams.clock, random }, commands, world: () => world })

  const world: World = {
    layout,
    seams: { clock: seams.clock, random },
    faults,
    hosts: layout.hosts,
    swarms: createSwarms(
      { clock: seams.clock, random },
      (address) => {
        const machine = world.byAddress(address)
        return machine !== undefined && answers(machine, now()) ? engineOf(machine.inside()) : undefined
      },
      clusters,
    ),
    living: () => [...registry.all()].filter(isAlive),
    visibleOf: (owner) => {
      sweep()
      return [...registry.ofOwner(owner)].filter(isShown)
    },
    visibleWith: (key) => {
      sweep()
      return registry.withKey(key).filter(isShown)
    },
    byRef: (ref) => ifAlive(registry.byRef(ref)),
    at: (endpoint) => ifAlive(registry.at(endpoint)),
    byAddress: (address) => ifAlive(registry.byAddress(address)),
    used: (host) => {
      sweep()
      return registry.used(host)
    },
    add: async (key, request, host) => {
      const number = ++serial
      const ref = nativeRef(number)
      const address = addressOf(number)
      // Drawn before anything is awaited, so that concurrent creates draw in the order they came.
      const [boot, visible] = [spread(layout.bootMs), lag()]
      const breaks = take(faults, 'failBoots')
      const deniesLogins = take(faults, 'denyLogins')
      const release = registry.hold(host.name, request.resources)
      const endpoint = await Promise.resolve(open(ref, address)).catch((error: unknown) => {
        release()
        throw error
      })
      room.set(ref, release)
      const machine = simMachine({
        ref,
        key,
        owner: request.owner,
        request,
        zone: host.zone,
        host: host.name,
        address,
        endpoint,
        createdAt: now(),
        visibleAt: now() + visible,
        readyAt: now() + boot,
        power: 'on',
        health: breaks ? 'failed' : 'good',
        deniesLogins,
        cutNext: null,
        goneAt: null,
        shownUntil: 0,
        within: null,
      })
      registry.put(machine)
      tell(machine)
      return machine
    },
    remove: (machine) => {
      if (machine.goneAt !== null) return
      const goneAt = now() + spread(layout.destroyMs)
      leave(machine, goneAt, goneAt + lag())
      stop(machine)
      tell(machine)
    },
    kill: (machine, how) => {
      if (how === 'vanished') leave(machine, now(), now())
      if (how === 'off') machine.power = 'off'
      if (how === 'silent' || how === 'failed') machine.health = how
      if (how === 'changed') machine.request = { ...machine.request, specHash: `not ${machine.request.specHash}` }
      else stop(machine)
      tell(machine)
    },
    powerOn: (machine) => {
      machine.power = 'on'
      machine.readyAt = now() + spread(layout.bootMs)
      if (machine.entered) machine.inside().boot()
      tell(machine)
    },
    reset: (machine) => {
      stop(machine)
      world.powerOn(machine)
    },
    onChange: (listener) => {
      listeners.push(listener)
    },
    state: () => {
      const machines = simMachineStates(registry.all())
      return (
        machines && {
          serial,
          machines,
          faults: { ...faults },
          agenda: agenda.state(),
          room: [...room.keys()],
          clusters: clustersState(clusters),
        }
      )
    },
  }
  if (from) goOn(from)
  return world

  function goOn({ machines, room: held, clusters: theirs }: WorldState): void {
    for (const one of machines) registry.put(simMachine(one))
    for (const ref of held) {
      const machine = registry.byRef(ref)
      if (machine) room.set(ref, registry.hold(machine.host, machine.request.resources))
    }
    const engineAt = (address: string) => {
      const machine = registry.byAddress(address)
      return machine && engineOf(machine.inside())
    }
    for (const [id, cluster] of clustersFrom(theirs, engineAt)) clusters.set(id, cluster)
  }
}

type Counter = { [K in keyof FaultSwitches]: FaultSwitches[K] extends number ? K : never }[keyof FaultSwitches]

/** Uses up one of a fault that happens so many times; false when none is left. */
export function take(faults: FaultSwitches, fault: Counter): boolean {
  if (faults[fault] <= 0) return false
  faults[fault]--
  return true
}

function own(_ref: NativeRef, address: string): Endpoint {
  return { address, port: 22 }
}

/** Its address in the simulated network, 10.0.0.0/8 from 10.77 on; never one that ends in 0 or 255. */
function addressOf(number: number): string {
  const [high, low] = [Math.floor((number - 1) / 254), ((number - 1) % 254) + 1]
  return `10.${77 + (high >> 8)}.${high & 255}.${low}`
}

function nativeRef(number: number): NativeRef {
  return `sim-${String(number).padStart(6, '0')}` as NativeRef
}
