// Who is alike, and who of a group sits where: the counting part of a placement in the making.

import type { SpreadRule, Wanted } from './types.ts'

/** Members that are alike in everything but the name; a search need not try both orders of two of them. */
export interface MemberClass {
  readonly index: number
  readonly group: number
  readonly sample: Wanted
  readonly members: Wanted[]
}

/** A spread group: its rules, and how many of it sit on each host and in each zone. */
export interface Group {
  readonly name: string
  readonly host: SpreadRule | undefined
  readonly zone: SpreadRule | undefined
  readonly onHost: Int32Array
  readonly inZone: Int32Array
  /** Names of who sits on a host or in a zone, for the explanation. */
  readonly names: Map<string, string[]>
}

/** The groups among `members`, empty, in the order they are first named. */
export function groupsOf(members: readonly Wanted[], hosts: number, zones: number): Group[] {
  return [...Map.groupBy(members, (member) => member.group)].map(([name, fellows]) => ({
    name,
    host: strictest(fellows.map((fellow) => fellow.spread.host)),
    zone: strictest(fellows.map((fellow) => fellow.spread.zone)),
    onHost: new Int32Array(hosts),
    inZone: new Int32Array(zones),
    names: new Map(),
  }))
}

/** The classes among `members`; `groups` as `groupsOf` gave them. */
export function classesOf(members: readonly Wanted[], groups: readonly Group[]): MemberClass[] {
  const numbers = new Map(groups.map((group, number) => [group.name, number]))
  const classes = new Map<string, MemberClass>()
  for (const member of members) {
    const { cpu, memoryBytes, diskBytes } = member.resources
    const key = JSON.stringify([
      member.group,
      cpu,
      memoryBytes,
      diskBytes,
      member.zones ?? null,
      member.providers ?? null,
    ])
    const known = classes.get(key)
    if (known) known.members.push(member)
    else {
      const group = numbers.get(member.group) ?? 0
      classes.set(key, { index: classes.size, group, sample: member, members: [member] })
    }
  }
  return [...classes.values()]
}

/** Adds a member of that name to a host and a zone, or takes the last one off. */
export function seatIn(
  group: Group,
  host: number | undefined,
  zone: number | undefined,
  name: string,
  by: 1 | -1,
): void {
  if (host !== undefined) {
    group.onHost[host] = (group.onHost[host] ?? 0) + by
    note(group.names, `host ${host}`, name, by)
  }
  if (zone !== undefined) {
    group.inZone[zone] = (group.inZone[zone] ?? 0) + by
    note(group.names, `zone ${zone}`, name, by)
  }
}

/** The name of the first who sits on that host. */
export function firstOnHost(group: Group, host: number): string {
  return group.names.get(`host ${host}`)?.[0] ?? ''
}

/** The name of the first who sits in that zone. */
export function firstInZone(group: Group, zone: number): string {
  return group.names.get(`zone ${zone}`)?.[0] ?? ''
}

function note(names: Map<string, string[]>, key: string, name: string, by: 1 | -1): void {
  const list = names.get(key) ?? []
  if (by === 1) list.push(name)
  else list.pop()
  names.set(key, list)
}

function strictest(rules: readonly (SpreadRule | undefined)[]): SpreadRule | undefined {
  return rules.includes('must') ? 'must' : rules.includes('should') ? 'should' : undefined
}
