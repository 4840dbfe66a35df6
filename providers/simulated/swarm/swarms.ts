import type { Seams } from '../../../src/kernel/seams.ts'
import { type Cluster, leaderOf, managersOf, type Node } from './cluster.ts'
import type { Engine } from './engine.ts'
import { Refusal, refused, words } from './refusal.ts'

// All swarms of the simulated network. A joiner reaches a manager by address, as over a wire: whoever does not
// answer cannot be joined, whatever the cluster thinks of it.

export interface Swarms {
  /** Makes a cluster of this engine alone. Throws Refusal. */
  init(engine: Engine): Cluster
  /** What a manager knows goes on with it as the only manager; workers stay, of other managers their entries. Throws Refusal. */
  goOnAlone(engine: Engine): Cluster
  /** Throws Refusal. `unanswered` when nobody is at that address. */
  join(
    engine: Engine,
    token: string,
    address: string,
  ): { readonly kind: 'joined'; readonly node: Node } | { readonly kind: 'unanswered' }
  /** The cluster an engine belongs to, for a manager with a quorum behind it. Throws Refusal. */
  managed(engine: Engine): { readonly cluster: Cluster; readonly self: Node }
  /** The engine's own node, or null. */
  member(engine: Engine): { readonly cluster: Cluster; readonly self: Node } | null
  token(cluster: Cluster, role: Node['role']): string
  rotate(cluster: Cluster, role: Node['role']): void
  leave(engine: Engine): void
  newId(): string
}

/** `reach` answers the engine at an address when its machine answers; undefined for a dead or unknown one. `clusters` are what there is. */
export function createSwarms(
  seams: Seams,
  reach: (address: string) => Engine | undefined,
  clusters = new Map<string, Cluster>(),
): Swarms {
  const text = (length: number): string =>
    Array.from({ length }, () => Math.floor(seams.random.next() * 36).toString(36)).join('')
  const newId = (): string => text(25)

  const add = (cluster: Cluster, engine: Engine, role: Node['role']): Node => {
    const node: Node = {
      id: newId(),
      engine,
      createdAt: seams.clock.now(),
      role,
      availability: 'active',
      labels: new Map(),
      left: false,
      lost: false,
    }
    cluster.nodes.set(node.id, node)
    engine.membership = { clusterId: cluster.id, nodeId: node.id }
    return node
  }

  const member: Swarms['member'] = (engine) => {
    const cluster = clusters.get(engine.membership?.clusterId ?? '')
    const self = cluster?.nodes.get(engine.membership?.nodeId ?? '')
    return cluster === undefined || self === undefined ? null : { cluster, self }
  }

  const swarms: Swarms = {
    init: (engine) => {
      if (engine.membership !== null) throw new Refusal(words.alreadyIn)
      const cluster: Cluster = {
        id: newId(),
        digest: text(50),
        createdAt: seams.clock.now(),
        nodes: new Map(),
        secrets: { manager: text(25), worker: text(25) },
        services: new Map(),
        leader: '',
      }
      clusters.set(cluster.id, cluster)
      cluster.leader = add(cluster, engine, 'manager').id
      return cluster
    },
    goOnAlone: (engine) => {
      const found = member(engine)
      if (found === null || found.self.role !== 'manager') throw new Refusal(words.isWorker)
      const { cluster, self } = found
      for (const node of managersOf(cluster)) if (node !== self) node.lost = true
      cluster.leader = self.id
      return cluster
    },
    join: (engine, token, address) => {
      if (engine.membership !== null) throw new Refusal(words.alreadyIn)
      const parts = /^SWMTKN-1-([0-9a-z]{50})-([0-9a-z]{25})$/.exec(token)
      if (parts === null) throw new Refusal(words.malformedToken)
      const at = address.replace(/:\d+$/, '')
      const peer = reach(at)
      if (peer === undefined) return { kind: 'unanswered' }
      const there = member(peer)
      if (!peer.isUp() || there === null || there.self.role !== 'manager') throw new Refusal(refused(`${at}:2377`))
      const { cluster } = there
      if (cluster.digest !== parts[1]) throw new Refusal(words.wrongCluster)
      leaderOf(cluster)
      const role =
        parts[2] === cluster.secrets.manager ? 'manager' : parts[2] === cluster.secrets.worker ? 'worker' : null
      if (role === null) throw new Refusal(words.wrongToken)
      return { kind: 'joined', node: add(cluster, engine, role) }
    },
    member,
    managed: (engine) => {
      const found = member(engine)
      if (found === null) throw new Refusal(engine.membership === null ? words.notManager : words.isWorker)
      if (found.self.role !== 'manager') throw new Refusal(words.isWorker)
      if (found.self.lost) throw new Refusal(words.noLeader)
      leaderOf(found.cluster)
      return found
    },
    token: (cluster, role) => `SWMTKN-1-${cluster.digest}-${cluster.secrets[role]}`,
    rotate: (cluster, role) => {
      cluster.secrets[role] = text(25)
    },
    leave: (engine) => {
      const found = member(engine)
      if (found !== null) {
        found.self.left = true
        if (found.cluster.nodes.size === 1) clusters.delete(found.cluster.id)
      }
      engine.membership = null
    },
    newId,
  }
  return swarms
}
