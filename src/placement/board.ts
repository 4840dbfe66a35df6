// The state of one placement in the making: what is free where, and who of which group sits where. Indices
// instead of names, because a search asks millions of times.

import { unreachable } from '../kernel/unreachable.ts'
import { classesOf, firstInZone, firstOnHost, type Group, groupsOf, type MemberClass, seatIn } from './groups.ts'
import type { Host, Obstacle, Placed, Resource, Wanted } from './types.ts'

export interface Board {
  readonly hosts: readonly Host[]
  readonly classes: readonly MemberClass[]
  group(kind: MemberClass): Group
  zoneOf(host: number): number
  /** Why a member of the class cannot go there now; null when it can. */
  obstacle(kind: MemberClass, host: number): Obstacle | null
  /** The same question, quickly. */
  fits(kind: MemberClass, host: number): boolean
  /** How many more of the class the host could take; Infinity where capacity is unknown. */
  room(kind: MemberClass, host: number): number
  put(kind: MemberClass, host: number, name: string): void
  /** Undoes the last `put` of the class on this host. */
  take(kind: MemberClass, host: number): void
  /** The fullest resource after one more member of the class, 0..1 and beyond; 0 where capacity is unknown. */
  load(kind: MemberClass, host: number): number
  /** Equal texts: no member of any class could tell the two hosts apart. */
  signature(host: number): string
}

const Hindrance = {
  none: 0,
  state: 1,
  provider: 2,
  zone: 3,
  sharesHost: 4,
  sharesZone: 5,
  cpu: 6,
  memory: 7,
  disk: 8,
} as const
type Hindrance = (typeof Hindrance)[keyof typeof Hindrance]

const resources: readonly Resource[] = ['cpu', 'memoryBytes', 'diskBytes']

export function makeBoard(members: readonly Wanted[], hosts: readonly Host[], existing: readonly Placed[]): Board {
  const zones = numbering(hosts, (host) => `${host.provider}/${host.zone}`)
  const groups = groupsOf(members, hosts.length, zones.count)
  const classes = classesOf(members, groups)
  const freeOf = (resource: Resource) =>
    Float64Array.from(hosts, (host) => (host.capacity ? host.capacity.free[resource] : Number.POSITIVE_INFINITY))
  const free = { cpu: freeOf('cpu'), memoryBytes: freeOf('memoryBytes'), diskBytes: freeOf('diskBytes') }
  const hostNumbers = new Map(hosts.map((host, index) => [`${host.provider}/${host.name}`, index]))
  for (const placed of existing) {
    const group = groups.find((one) => one.name === placed.group)
    if (!group) continue
    const host = placed.host === null ? undefined : hostNumbers.get(`${placed.provider}/${placed.host}`)
    const zone = zones.find(`${placed.provider}/${placed.zone}`)
    seatIn(group, host, zone, placed.name ?? `a member of ${placed.group}`, 1)
  }
  const groupOf = (kind: MemberClass): Group => item(groups, kind.group)

  /** The kind of obstacle as a number, without making anything: this is asked for every member and host. */
  function hindrance(kind: MemberClass, index: number): Hindrance {
    const { sample } = kind
    const host = item(hosts, index)
    if (host.state !== 'ready') return Hindrance.state
    if (sample.providers && !sample.providers.includes(host.provider)) return Hindrance.provider
    if (sample.zones && !sample.zones.includes(host.zone)) return Hindrance.zone
    const group = groupOf(kind)
    if (group.host === 'must' && host.capacity && (group.onHost[index] ?? 0) > 0) return Hindrance.sharesHost
    if (group.zone === 'must' && (group.inZone[zones.of(index)] ?? 0) > 0) return Hindrance.sharesZone
    const { cpu, memoryBytes, diskBytes } = sample.resources
    if (cpu > 0 && cpu > (free.cpu[index] ?? 0)) return Hindrance.cpu
    if (memoryBytes > 0 && memoryBytes > (free.memoryBytes[index] ?? 0)) return Hindrance.memory
    if (diskBytes > 0 && diskBytes > (free.diskBytes[index] ?? 0)) return Hindrance.disk
    return Hindrance.none
  }

  function obstacle(kind: MemberClass, index: number): Obstacle | null {
    const host = item(hosts, index)
    const shortage = (resource: Resource): Obstacle => {
      return { kind: 'shortage', resource, needs: kind.sample.resources[resource], free: free[resource][index] ?? 0 }
    }
    const found = hindrance(kind, index)
    switch (found) {
      case Hindrance.none:
        return null
      case Hindrance.state:
        return host.state === 'ready' ? null : { kind: 'state', state: host.state }
      case Hindrance.provider:
        return { kind: 'restriction', by: 'provider' }
      case Hindrance.zone:
        return { kind: 'restriction', by: 'zone' }
      case Hindrance.sharesHost:
        return { kind: 'sharesHost', with: firstOnHost(groupOf(kind), index) }
      case Hindrance.sharesZone:
        return { kind: 'sharesZone', with: firstInZone(groupOf(kind), zones.of(index)) }
      case Hindrance.cpu:
        return shortage('cpu')
      case Hindrance.memory:
        return shortage('memoryBytes')
      case Hindrance.disk:
        return shortage('diskBytes')
      default:
        return unreachable(found)
    }
  }

  /** Moves `by` members of the class onto the host (or off it): capacity and counts, not names. */
  function shift(kind: MemberClass, index: number, by: 1 | -1): void {
    const { cpu, memoryBytes, diskBytes } = kind.sample.resources
    add(free.cpu, index, -by * cpu)
    add(free.memoryBytes, index, -by * memoryBytes)
    add(free.diskBytes, index, -by * diskBytes)
  }

  return {
    hosts,
    classes,
    group: groupOf,
    zoneOf: (host) => zones.of(host),
    obstacle,
    fits: (kind, host) => hindrance(kind, host) === Hindrance.none,
    room(kind, index) {
      if (hindrance(kind, index) !== Hindrance.none) return 0
      const group = groupOf(kind)
      if (group.zone === 'must' || (group.host === 'must' && item(hosts, index).capacity)) return 1
      let room = Number.POSITIVE_INFINITY
      for (const resource of resources) {
        const needs = kind.sample.resources[resource]
        if (needs > 0) room = Math.min(room, Math.floor((free[resource][index] ?? 0) / needs))
      }
      return room
    },
    put(kind, index, name) {
      shift(kind, index, 1)
      seatIn(groupOf(kind), index, zones.of(index), name, 1)
    },
    take(kind, index) {
      shift(kind, index, -1)
      seatIn(groupOf(kind), index, zones.of(index), '', -1)
    },
    load(kind, index) {
      const { capacity } = item(hosts, index)
      let load = 0
      if (!capacity) return load
      for (const resource of resources) {
        const total = capacity.total[resource]
        const left = (free[resource][index] ?? 0) - kind.sample.resources[resource]
        if (total > 0) load = Math.max(load, 1 - left / total)
      }
      return load
    },
    signature(index) {
      const host = item(hosts, index)
      const counts = groups.map((group) => group.onHost[index])
      return `${zones.of(index)} ${host.state} ${host.capacity ? 1 : 0} ${resources.map((one) => free[one][index])} ${counts}`
    },
  }
}

function add(array: Float64Array, index: number, by: number): void {
  array[index] = (array[index] ?? 0) + by
}

function numbering(hosts: readonly Host[], keyOf: (host: Host) => string) {
  const numbers = new Map<string, number>()
  for (const host of hosts) if (!numbers.has(keyOf(host))) numbers.set(keyOf(host), numbers.size)
  const ofHost = hosts.map((host) => numbers.get(keyOf(host)) ?? 0)
  return { count: numbers.size, of: (host: number) => item(ofHost, host), find: (key: string) => numbers.get(key) }
}

function item<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new RangeError(`no item ${index} of ${list.length}`)
  return value
}
