// Swarms as they are, for another network to go on with. Nodes are known by the addresses of their engines, which
// no other machine ever gets.

import type { Cluster, Node } from './cluster.ts'
import type { Engine } from './engine.ts'

type NodeState = Omit<Node, 'engine'> & {
  readonly engine: Pick<Engine, 'hostname' | 'address' | 'cpu' | 'memoryBytes'>
}
export type ClusterState = Omit<Cluster, 'nodes'> & { readonly nodes: readonly NodeState[] }

export function clustersState(clusters: ReadonlyMap<string, Cluster>): readonly ClusterState[] {
  // Cloned whole: what is added to a cluster or a node is copied, or cannot be cloned and is seen.
  return [...clusters.values()].map(({ nodes, ...cluster }) => ({
    ...structuredClone(cluster),
    nodes: [...nodes.values()].map(({ engine: { hostname, address, cpu, memoryBytes }, ...node }) => ({
      ...structuredClone(node),
      engine: { hostname, address, cpu, memoryBytes },
    })),
  }))
}

/** `engineAt` answers the daemon of the machine with an address; undefined for one of which nothing is left. */
export function clustersFrom(
  state: readonly ClusterState[],
  engineAt: (address: string) => Engine | undefined,
): Map<string, Cluster> {
  return new Map(
    structuredClone(state).map(({ nodes, ...cluster }) => {
      const alive = nodes.map((node): [string, Node] => [
        node.id,
        { ...node, engine: engineAt(node.engine.address) ?? gone(node.engine) },
      ])
      return [cluster.id, { ...cluster, nodes: new Map(alive) }]
    }),
  )
}

/** The others still know its name. */
function gone(facts: NodeState['engine']): Engine {
  return { ...facts, isUp: () => false, membership: null, images: new Map() }
}
