// The pretend cluster of test/blueprints/quorum, whose README says exactly what each verb does. Its state is
// one network's: whoever makes a world gives its machines a command table of their own.

import { fail, ok } from '../../providers/simulated/shell/command.ts'
import type { Commands, Machine, Result } from '../../providers/simulated/shell/inside.ts'
import type { Seams } from '../../src/kernel/seams.ts'

type Role = 'voter' | 'worker'

interface Member {
  readonly ref: string
  readonly role: Role
  /** Of its machine: no other ever gets it. */
  readonly address: string
}

interface Cluster {
  readonly id: string
  readonly members: Map<string, Member>
  readonly tokens: Map<string, { readonly role: Role; readonly until: number }>
}

const tokenLifeMs = 60_000

/** Plain data, to be cloned as it is. */
export type QuorumState = ReadonlyMap<string, Cluster>

export interface Quorums {
  readonly commands: Commands
  state(): QuorumState
}

/** The command for one network; `at` finds the running machine at an address. */
export function quorumctl(
  seams: Seams,
  at: (address: string) => Machine | undefined,
  from: QuorumState = new Map(),
): Quorums {
  const clusters = new Map(structuredClone(from))

  const addressOf = (machine: Machine): string => machine.facts.addresses[0] ?? ''
  const isUp = (member: Member): boolean => at(member.address) !== undefined
  const homeOf = (machine: Machine): { cluster: Cluster; self: Member } | undefined => {
    for (const cluster of clusters.values()) {
      for (const self of cluster.members.values()) if (self.address === addressOf(machine)) return { cluster, self }
    }
    return undefined
  }
  const voterAt = (machine: Machine): Cluster | undefined => {
    const home = homeOf(machine)
    return home?.self.role === 'voter' ? home.cluster : undefined
  }
  const hasMajority = (voters: readonly Member[]): boolean => voters.filter(isUp).length * 2 > voters.length
  const votersOf = (cluster: Cluster, without?: string): Member[] =>
    [...cluster.members.values()].filter((member) => member.role === 'voter' && member.ref !== without)
  const text = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(seams.random.next() * 16).toString(16)).join('')

  function init(machine: Machine, ref: string): Result {
    const home = homeOf(machine)
    if (home)
      return home.self.ref === ref ? ok(`${home.cluster.id}\n`) : fail(1, `this machine is ${home.self.ref} already`)
    const cluster: Cluster = { id: `q-${text(8)}`, members: new Map(), tokens: new Map() }
    cluster.members.set(ref, { ref, role: 'voter', address: addressOf(machine) })
    clusters.set(cluster.id, cluster)
    return ok(`${cluster.id}\n`)
  }

  function token(machine: Machine, role: string): Result {
    if (role !== 'voter' && role !== 'worker') return fail(2, 'usage: quorumctl token voter|worker')
    const cluster = voterAt(machine)
    if (!cluster) return fail(1, 'not a voter')
    if (!hasMajority(votersOf(cluster))) return fail(1, 'no majority')
    const minted = `${role}-${text(16)}`
    cluster.tokens.set(minted, { role, until: seams.clock.now() + tokenLifeMs })
    return ok(`${minted}\n`)
  }

  function join(machine: Machine, ref: string, id: string, given: string, via: string): Result {
    const home = homeOf(machine)
    if (home) return home.cluster.id === id && home.self.ref === ref ? ok() : fail(1, 'in another cluster')
    const door = at(via)
    if (!door) return fail(1, `${via} does not answer`)
    const cluster = voterAt(door)
    if (cluster?.id !== id) return fail(1, `${via} is no voter of ${id}`)
    if (!hasMajority(votersOf(cluster))) return fail(1, 'no majority')
    const known = cluster.tokens.get(given)
    if (!known) return fail(1, 'wrong token')
    if (seams.clock.now() > known.until) return fail(1, 'token expired')
    if (cluster.members.has(ref)) return fail(1, `${ref} is a member already`)
    cluster.members.set(ref, { ref, role: known.role, address: addressOf(machine) })
    return ok()
  }

  function leave(machine: Machine, ref: string): Result {
    const cluster = voterAt(machine)
    if (!cluster) return fail(1, 'not a voter')
    const leaving = cluster.members.get(ref)
    if (!leaving) return ok()
    if (leaving.address === addressOf(machine)) return fail(1, 'cannot remove myself')
    if (!hasMajority(votersOf(cluster))) return fail(1, 'no majority')
    if (leaving.role === 'voter' && isUp(leaving) && !hasMajority(votersOf(cluster, ref))) {
      return fail(1, 'would lose the majority')
    }
    cluster.members.delete(ref)
    return ok()
  }

  function refound(machine: Machine): Result {
    const cluster = voterAt(machine)
    if (!cluster) return fail(1, 'not a voter')
    if (hasMajority(votersOf(cluster))) return ok()
    for (const voter of votersOf(cluster)) if (voter.address !== addressOf(machine)) cluster.members.delete(voter.ref)
    return ok()
  }

  function abandon(machine: Machine, id: string): Result {
    const home = homeOf(machine)
    if (!home || home.cluster.id === id) return ok()
    if (votersOf(home.cluster).some(isUp)) return fail(1, `${home.cluster.id} is alive`)
    home.cluster.members.delete(home.self.ref)
    return ok()
  }

  function status(machine: Machine): Result {
    const cluster = voterAt(machine)
    if (!cluster) return fail(1, 'not a voter')
    if (!hasMajority(votersOf(cluster))) return fail(1, 'no majority')
    const members = [...cluster.members.values()].sort((a, b) => (a.ref < b.ref ? -1 : 1))
    return ok(members.map((member) => `${member.ref} ${member.role} ${isUp(member) ? 'up' : 'down'}\n`).join(''))
  }

  const commands: Commands = {
    quorumctl({ machine, args }) {
      const [verb, ...given] = args
      const [first = '', , cluster = '', minted = '', via = ''] = given
      if (verb === 'init' && given.length === 2) return init(machine, first)
      if (verb === 'token' && given.length === 1) return token(machine, first)
      if (verb === 'join' && given.length === 5) return join(machine, first, cluster, minted, via)
      if (verb === 'leave' && given.length === 1) return leave(machine, first)
      if (verb === 'refound' && given.length === 0) return refound(machine)
      if (verb === 'abandon' && given.length === 1) return abandon(machine, first)
      if (verb === 'status' && given.length === 0) return status(machine)
      return fail(2, 'usage: quorumctl init|token|join|leave|refound|abandon|status')
    },
  }
  return { commands, state: () => structuredClone(clusters) }
}
