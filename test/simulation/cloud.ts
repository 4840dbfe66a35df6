// The cloud of a history: as crude as real ones (names are not unique, a create is never recognised as a repeat), and
// meaner. The session over it is the one of providers/simulated, so that what is tried here is our code and not a play.

import type { Cloud } from '../../providers/simulated/world/cloud.ts'
import { pagesOf } from '../../providers/simulated/world/pages.ts'
import type { Clock, Random } from '../../src/kernel/seams.ts'
import type { MachineRequest, NativeRef, Observed, ResourceKey, Resources } from '../../src/provider/contract.ts'
import { ProviderFault } from '../../src/provider/fault.ts'
import type { Counters } from './counters.ts'
import type { Journal } from './journal.ts'
import { isThere, observedOf, type Vm } from './vm.ts'
import { fairWeather, take, type Weather } from './weather.ts'

const gib = 2 ** 30
export const images: readonly string[] = ['debian-12']
export const hosts = [1, 2, 3, 4, 5, 6].map((number) => ({
  name: `host-${number}`,
  zone: `zone-${'abc'[Math.floor((number - 1) / 2)]}`,
  capacity: { cpu: 8, memoryBytes: 32 * gib, diskBytes: 500 * gib } satisfies Resources,
}))
export const identity = 'simulation'

/** What a cloud is told of what is asked of it, before it does it: where invariants look. */
export interface Watcher {
  onCreate(key: ResourceKey, request: MachineRequest): void
  onDestroy(vm: Vm): void
}

export interface CloudOptions {
  readonly lookup: 'consistent' | 'eventual'
  readonly settleMs: number
  readonly latencyMs: number
}

export interface SimCloud extends Cloud {
  readonly options: CloudOptions
  readonly weather: Weather
  /** Everything that is there. */
  living(): readonly Vm[]
  at(address: string): Vm | undefined
  isDown(vm: Vm): boolean
  /** Whether it answers on its network. */
  answers(vm: Vm): boolean
  vanish(vm: Vm): void
  reboot(vm: Vm): void
  watch(watcher: Watcher): void
}

export interface CloudDeps {
  readonly clock: Clock
  readonly random: Random
  readonly journal: Journal
  readonly counters: Counters
}

export function openCloud({ clock, random, journal, counters }: CloudDeps, options: CloudOptions): SimCloud {
  const weather = fairWeather()
  const vms = new Set<Vm>()
  const addressesUsed = new Set<string>()
  let watcher: Watcher | undefined
  let serial = 0
  const now = () => clock.now()
  const between = (least: number, most: number) => least + Math.floor(random.next() * (most - least + 1))
  const isDown = (vm: Vm) => weather.hostsDown.has(vm.host)

  /** Forgets those that no list shows any more. */
  function living(): Vm[] {
    for (const vm of vms) if (!isThere(vm, now()) && now() >= vm.shownUntil) vms.delete(vm)
    return [...vms].filter((vm) => isThere(vm, now()))
  }

  function freeAddress(): string {
    const taken = new Set(living().map((vm) => vm.address))
    for (let last = 1; ; last++) {
      const address = `10.9.0.${last}`
      if (taken.has(address)) continue
      if (addressesUsed.has(address)) counters.hit('fault:reusedAddress')
      addressesUsed.add(address)
      return address
    }
  }

  async function enter(what: string): Promise<void> {
    const slow = now() < weather.slowUntil
    if (slow) counters.hit('fault:slow')
    await clock.sleep(slow ? between(1_000, Math.min(6_000, options.settleMs * 0.3)) : between(1, options.latencyMs))
    if (now() < weather.unreachableUntil) {
      counters.hit('fault:unreachable')
      throw new ProviderFault({ kind: 'transient', outcome: 'none' }, 'the cloud is unreachable')
    }
    if (now() < weather.deniedUntil) {
      counters.hit('fault:denied')
      throw new ProviderFault({ kind: 'denied', outcome: 'none' }, 'the cloud refuses the login')
    }
    if (take(weather, 'throttle')) {
      counters.hit('fault:throttle')
      throw new ProviderFault({ kind: 'transient', outcome: 'none', retryAfterMs: 500 }, `too many calls: ${what}`)
    }
  }

  function used(host: string): number {
    return living().filter((vm) => vm.host === host).length
  }

  function place(request: MachineRequest): (typeof hosts)[number] {
    const wanted = hosts.filter(({ name, zone }) =>
      request.host === null ? zone === request.zone : name === request.host && zone === request.zone,
    )
    const [best] = wanted
      .filter(({ name, capacity }) => !weather.hostsDown.has(name) && used(name) < capacity.cpu)
      .toSorted((one, other) => used(one.name) - used(other.name))
    const refused = take(weather, 'refuseCapacity')
    if (refused) counters.hit('fault:refuseCapacity')
    if (best === undefined || refused)
      throw new ProviderFault({ kind: 'capacity', outcome: 'none' }, `no room in ${request.host ?? request.zone}`)
    return best
  }

  function add(key: ResourceKey, request: MachineRequest, where: (typeof hosts)[number], tooLate = false): Vm {
    const lag = now() < weather.lagUntil ? between(0, Math.floor(options.settleMs * 0.3)) : 0
    const hidden = now() + lag
    const failed = take(weather, 'failBoots')
    if (failed) counters.hit('fault:failBoot')
    const vm: Vm = {
      ref: `vm-${++serial}` as NativeRef,
      key,
      owner: request.owner,
      request,
      zone: where.zone,
      host: where.name,
      address: freeAddress(),
      createdAt: now(),
      tooLate,
      readyAt: now() + between(800, 4_000),
      power: 'on',
      failed,
      undone: false,
      ill: false,
      reshaped: false,
      cutUntil: 0,
      goneAt: null,
      shownFrom: options.lookup === 'eventual' ? hidden : 0,
      shownUntil: 0,
      hiddenInListUntil: hidden,
      hiddenUntil: 0,
      boot: 1,
      folders: new Map(),
      fences: new Map(),
    }
    vms.add(vm)
    journal.note(`cloud makes ${vm.ref} for ${key} on ${vm.host} at ${vm.address}`)
    return vm
  }

  function leave(vm: Vm, goneAt: number): void {
    vm.goneAt = goneAt
    const lag = now() < weather.lagUntil ? between(0, Math.floor(options.settleMs * 0.3)) : 0
    vm.shownUntil = goneAt + lag
  }

  /** Seen by a look: a list lags wherever lists do, a look by key only where lookups do. */
  function shown(vm: Vm, byList: boolean): boolean {
    const mayLag = byList || options.lookup === 'eventual'
    if (now() < vm.shownFrom || now() < vm.hiddenUntil) return sawFalse('fault:falseAbsence')
    if (byList && now() < vm.hiddenInListUntil) return sawFalse('fault:lagList')
    if (isThere(vm, now())) return true
    if (!mayLag || now() >= vm.shownUntil) return false
    counters.hit('fault:lagList')
    return true
  }

  function sawFalse(what: 'fault:falseAbsence' | 'fault:lagList'): false {
    counters.hit(what)
    return false
  }

  const observed = (vm: Vm): Observed => observedOf(vm, now(), isDown(vm))

  return {
    options,
    weather,
    living,
    isDown,
    at: (address) => living().find((vm) => vm.address === address),
    answers: (vm) =>
      isThere(vm, now()) &&
      vm.goneAt === null &&
      !vm.failed &&
      vm.power === 'on' &&
      !isDown(vm) &&
      now() >= vm.readyAt &&
      now() >= vm.cutUntil,
    vanish(vm) {
      if (vm.goneAt !== null) return
      leave(vm, now())
    },
    reboot(vm) {
      vm.boot += 1
      vm.power = 'on'
      vm.readyAt = now() + between(1_000, 4_000)
    },
    watch(next) {
      watcher = next
    },
    capabilities: () => ({
      lookup: options.lookup,
      settleMs: options.settleMs,
      createIdempotency: 'none',
      hosts: true,
      power: true,
    }),
    async probe() {
      await enter('probe')
      return { identity, version: 'simulation 1', latencyMs: 1, missingRights: [] }
    },
    async hosts() {
      await enter('hosts')
      const there = living()
      return hosts.map((host) => {
        const mine = there.filter((vm) => vm.host === host.name)
        const sum = (of: (resources: Resources) => number) =>
          mine.reduce((all, vm) => all + of(vm.request.resources), 0)
        return {
          ...host,
          used: {
            cpu: sum(({ cpu }) => cpu),
            memoryBytes: sum(({ memoryBytes }) => memoryBytes),
            diskBytes: sum(({ diskBytes }) => diskBytes),
          },
          state: weather.hostsDown.has(host.name) ? ('unreachable' as const) : ('ready' as const),
        }
      })
    },
    async create(key, request) {
      // When it is sent: what arrives late may find that its key is gone by then.
      watcher?.onCreate(key, request)
      await enter('create')
      const where = place(request)
      const tooLate = take(weather, 'tooLateCreates')
      if (tooLate || take(weather, 'lateCreates')) {
        counters.hit(tooLate ? 'fault:tooLateCreate' : 'fault:lateCreate')
        const { settleMs } = options
        const late = tooLate ? between(settleMs, 4 * settleMs) : between(1_000, Math.max(1_000, settleMs * 0.6))
        journal.note(`cloud will make ${key} in ${late} ms`)
        clock.sleep(late).then(
          () => add(key, request, where, tooLate),
          () => undefined,
        )
        throw replyLost()
      }
      const vm = add(key, request, where)
      if (take(weather, 'doubleCreates')) {
        counters.hit('fault:doubleCreate')
        add(key, request, where)
      }
      if (take(weather, 'loseCreateReplies')) {
        counters.hit('fault:loseCreateReply')
        throw replyLost()
      }
      return vm.ref
    },
    async find(keys) {
      await enter('find')
      const wanted = new Set(keys)
      living()
      return [...vms].filter((vm) => wanted.has(vm.key) && shown(vm, false)).map(observed)
    },
    async list(owner) {
      await enter('list')
      living()
      return [...vms].filter((vm) => vm.owner === owner && shown(vm, true)).map(observed)
    },
    async pages(owner, known) {
      return pagesOf(await this.list(owner), known)
    },
    async destroy(ref) {
      await enter('destroy')
      const vm = living().find((one) => one.ref === ref)
      if (vm !== undefined && vm.goneAt === null) {
        journal.note(`cloud destroys ${vm.ref} of ${vm.key}`)
        watcher?.onDestroy(vm)
        leave(vm, now() + between(100, 3_000))
      }
      if (take(weather, 'loseDestroyReplies')) {
        counters.hit('fault:loseDestroyReply')
        throw replyLost()
      }
    },
    async power(ref, to) {
      await enter('power')
      const vm = living().find((one) => one.ref === ref)
      if (vm === undefined) throw new ProviderFault({ kind: 'gone', outcome: 'none' }, `there is no ${ref}`)
      if (to === 'off') vm.power = 'off'
      else if (to === 'reset' || vm.power === 'off') this.reboot(vm)
    },
    async hasImage(ref) {
      return images.includes(ref)
    },
  }
}

function replyLost(): ProviderFault {
  return new ProviderFault({ kind: 'transient', outcome: 'unknown' }, 'the connection broke before the cloud answered')
}
