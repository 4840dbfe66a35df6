import type {
  Capabilities,
  Health,
  HostReport,
  MachineRequest,
  NativeRef,
  Observed,
  OwnerTag,
  Page,
  ResourceKey,
} from '../../../src/provider/contract.ts'
import { ProviderFault } from '../../../src/provider/fault.ts'
import type { HostLayout } from './layout.ts'
import { pagesOf } from './pages.ts'
import { type SimMachine, stateOf } from './sim-machine.ts'
import { take, type World } from './world.ts'

// The cloud's own API, as crude as real ones: names are not unique, a create is never recognised as a repeat,
// and what was answered is not always what happened. session.ts makes our contract of it.

export interface Cloud {
  capabilities(): Capabilities
  probe(): Promise<Health>
  hosts(): Promise<readonly HostReport[]>
  create(key: ResourceKey, request: MachineRequest): Promise<NativeRef>
  /** Whatever carries one of the keys, whoever owns it. */
  find(keys: readonly ResourceKey[]): Promise<readonly Observed[]>
  list(owner: OwnerTag): Promise<readonly Observed[]>
  /** The same by pages; without the objects of those whose digest is known. */
  pages(owner: OwnerTag, known: ReadonlyMap<string, string>): Promise<readonly Page[]>
  /** Accepted for a ref that exists; nothing happens for any other. */
  destroy(ref: NativeRef): Promise<void>
  power(ref: NativeRef, to: 'on' | 'off' | 'reset'): Promise<void>
  hasImage(ref: string): Promise<boolean>
}

/** `identity`: whose state this is; worlds in memory are told apart by their seeds. */
export function cloudOf(world: World, identity = `simulated-${world.layout.seed}`): Cloud {
  const { faults, layout, seams } = world
  const now = (): number => seams.clock.now()

  /** What every call goes through before it does anything. */
  const enter = async (): Promise<void> => {
    if (layout.latencyMs + faults.slowMs > 0) await seams.clock.sleep(layout.latencyMs + faults.slowMs)
    if (faults.unreachable)
      throw new ProviderFault({ kind: 'transient', outcome: 'none' }, 'the simulated cloud is unreachable')
    if (take(faults, 'throttle'))
      throw new ProviderFault(
        { kind: 'transient', outcome: 'none', retryAfterMs: 100 },
        'the simulated cloud is overloaded',
      )
  }

  const place = (request: MachineRequest): HostLayout => {
    if (!layout.images.includes(request.image))
      throw new ProviderFault({ kind: 'rejected', outcome: 'none' }, `there is no image ${request.image}`)
    const wanted = world.hosts.filter((host) =>
      request.host === null ? host.zone === request.zone : host.name === request.host && host.zone === request.zone,
    )
    if (wanted.length === 0)
      throw new ProviderFault(
        { kind: 'rejected', outcome: 'none' },
        `there is no ${request.host ?? 'host'} in ${request.zone}`,
      )
    const fitting = wanted.filter((host) => fits(world, host, request))
    const [best] = fitting.sort((a, b) => world.used(a.name).memoryBytes - world.used(b.name).memoryBytes)
    if (best === undefined || take(faults, 'refuseCapacity'))
      throw new ProviderFault(
        { kind: 'capacity', outcome: 'none' },
        `no room for ${request.hostname} in ${request.host ?? request.zone}`,
      )
    return best
  }

  return {
    capabilities: () => ({
      lookup: layout.lookup,
      settleMs: Math.max(layout.settleMs, layout.faults.lateCreates > 0 ? layout.faults.lateMs : 0),
      createIdempotency: 'none',
      hosts: true,
      power: true,
    }),
    probe: async () => {
      const start = now()
      await enter()
      return { identity, version: 'simulated 1', latencyMs: now() - start, missingRights: [] }
    },
    hosts: async () => {
      await enter()
      return world.hosts.map((host) => ({
        name: host.name,
        zone: host.zone,
        capacity: { cpu: host.cpu, memoryBytes: host.memoryBytes, diskBytes: host.diskBytes },
        used: world.used(host.name),
        state: host.state,
      }))
    },
    create: async (key, request) => {
      await enter()
      const host = place(request)
      if (take(faults, 'lateCreates')) {
        const late = async (): Promise<void> => {
          await seams.clock.sleep(faults.lateMs)
          await world.add(key, request, host)
        }
        late().catch(() => {})
        throw replyLost()
      }
      const machine = await world.add(key, request, host)
      if (take(faults, 'loseCreateReplies')) throw replyLost()
      return machine.ref
    },
    find: async (keys) => {
      await enter()
      return [...new Set(keys)].flatMap((key) => world.visibleWith(key)).map((machine) => observed(machine, now()))
    },
    list: async (owner) => {
      await enter()
      return world.visibleOf(owner).map((machine) => observed(machine, now()))
    },
    pages: async (owner, known) => {
      await enter()
      return pagesOf(
        world.visibleOf(owner).map((machine) => observed(machine, now())),
        known,
      )
    },
    destroy: async (ref) => {
      await enter()
      const machine = world.byRef(ref)
      if (machine !== undefined) world.remove(machine)
      if (take(faults, 'loseDestroyReplies')) throw replyLost()
    },
    power: async (ref, to) => {
      await enter()
      const machine = world.byRef(ref)
      if (machine === undefined) throw new ProviderFault({ kind: 'gone', outcome: 'none' }, `there is no ${ref}`)
      if (to === 'off') world.kill(machine, 'off')
      else if (to === 'reset') world.reset(machine)
      else if (machine.power === 'off') world.powerOn(machine)
    },
    hasImage: async (image) => {
      await enter()
      return layout.images.includes(image)
    },
  }
}

function replyLost(): ProviderFault {
  const kind = { kind: 'transient', outcome: 'unknown' } as const
  return new ProviderFault(kind, 'the connection broke before the cloud answered')
}

function fits(world: World, host: HostLayout, request: MachineRequest): boolean {
  const used = world.used(host.name)
  const { cpu, memoryBytes, diskBytes } = request.resources
  return (
    host.state === 'ready' &&
    used.cpu + cpu <= host.cpu &&
    used.memoryBytes + memoryBytes <= host.memoryBytes &&
    used.diskBytes + diskBytes <= host.diskBytes
  )
}

export function observed(machine: SimMachine, now: number): Observed {
  const state = stateOf(machine, now)
  return {
    key: machine.key,
    ref: machine.ref,
    owner: machine.owner,
    kind: 'machine',
    // A list that lags goes on showing what is gone as it was last.
    state: state ?? 'deleting',
    endpoints: [machine.endpoint],
    addresses: [machine.address],
    hostKeys: [machine.request.hostKey.publicKey],
    placement: { zone: machine.zone, host: machine.host },
    specHash: machine.request.specHash,
    createdAt: machine.createdAt,
    ...(state === 'failed' ? { reason: 'the simulated machine broke' } : {}),
  }
}
