import type { Engine } from './engine.ts'
import { Refusal, words } from './refusal.ts'

// One swarm: the state its managers agree on. There is one copy, because managers that have a quorum agree; who
// has none may neither read nor change it.

export interface Node {
  readonly id: string
  readonly engine: Engine
  readonly createdAt: number
  role: 'manager' | 'worker'
  availability: 'active' | 'pause' | 'drain'
  readonly labels: Map<string, string>
  /** It left by itself; it stays in the list, down, until it is removed. */
  left: boolean
  /** A manager that another one went on without: it stays in the list, knowing nothing of it, until it is removed. */
  lost: boolean
}

export interface Task {
  readonly id: string
  readonly slot: number
  node: string
}

export interface Service {
  readonly id: string
  readonly name: string
  readonly image: string
  readonly mode: 'replicated' | 'global'
  replicas: number
  readonly endpointMode: 'vip' | 'dnsrr'
  tasks: Task[]
}

export interface Cluster {
  readonly id: string
  /** First part of its tokens: which certificate authority a joiner must meet. */
  readonly digest: string
  readonly createdAt: number
  readonly nodes: Map<string, Node>
  readonly secrets: { manager: string; worker: string }
  readonly services: Map<string, Service>
  leader: string
}

export function isUp(node: Node): boolean {
  return !node.left && !node.lost && node.engine.membership?.nodeId === node.id && node.engine.isUp()
}

export function managersOf(cluster: Cluster): Node[] {
  return [...cluster.nodes.values()].filter((node) => node.role === 'manager' && !node.lost)
}

export function hasQuorum(cluster: Cluster): boolean {
  const managers = managersOf(cluster)
  return managers.filter(isUp).length > managers.length / 2
}

/** The manager that leads now; another is elected when the last one is down. Throws Refusal without a quorum. */
export function leaderOf(cluster: Cluster): Node {
  if (!hasQuorum(cluster)) throw new Refusal(words.noLeader)
  const managers = managersOf(cluster)
  const leader = managers.find((node) => node.id === cluster.leader && isUp(node)) ?? managers.find(isUp)
  if (leader === undefined) throw new Refusal(words.noLeader)
  cluster.leader = leader.id
  return leader
}

/** Whether the managers that are up would still be a majority if `node` were no manager. */
export function keepsQuorumWithout(cluster: Cluster, node: Node): boolean {
  const rest = managersOf(cluster).filter((manager) => manager !== node)
  return rest.filter(isUp).length > rest.length / 2
}

/** Puts tasks where they can run: the first node with the fewest, never on a node that is down, drained or gone. */
export function schedule(cluster: Cluster, newId: () => string): void {
  const open = [...cluster.nodes.values()].filter((node) => isUp(node) && node.availability === 'active')
  for (const service of cluster.services.values()) {
    service.tasks = service.tasks.filter((task) => open.some((node) => node.id === task.node))
    const load = (node: Node): number => service.tasks.filter((task) => task.node === node.id).length
    if (service.mode === 'global') {
      for (const node of open) if (load(node) === 0) service.tasks.push({ id: newId(), slot: 1, node: node.id })
      continue
    }
    service.tasks = service.tasks.slice(0, service.replicas)
    for (let slot = 1; slot <= service.replicas && open.length > 0; slot++) {
      if (service.tasks.some((task) => task.slot === slot)) continue
      const [least] = [...open].sort((a, b) => load(a) - load(b))
      if (least !== undefined) service.tasks.push({ id: newId(), slot, node: least.id })
    }
  }
}
