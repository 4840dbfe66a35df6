import { type Cluster, hasQuorum, isUp, managersOf, type Node, type Service, type Task } from '../../swarm/cluster.ts'
import { type Engine, engineVersion } from '../../swarm/engine.ts'
import type { Machine } from '../inside.ts'
import type { Data } from './template.ts'

/** Where a daemon keeps its state. */
export const rootFolder = '/var/lib/docker'

// The objects behind `docker info`, `docker node inspect` and `docker node ls`, with the names Docker gives them.

export function infoOf(machine: Machine, engine: Engine): { readonly [key: string]: Data } {
  return {
    ID: machine.bootId,
    Containers: 0,
    Images: engine.images.size,
    Driver: 'overlay2',
    CgroupDriver: 'systemd',
    OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
    OSType: 'linux',
    Architecture: 'x86_64',
    NCPU: engine.cpu,
    MemTotal: engine.memoryBytes,
    Name: engine.hostname,
    ServerVersion: engineVersion,
    DockerRootDir: rootFolder,
    Swarm: swarmOf(machine, engine),
  }
}

function swarmOf(machine: Machine, engine: Engine): Data {
  const found = machine.around.swarms.member(engine)
  if (found === null) {
    const removed = engine.membership !== null
    return {
      NodeID: engine.membership?.nodeId ?? '',
      NodeAddr: removed ? engine.address : '',
      LocalNodeState: removed ? 'error' : 'inactive',
      ControlAvailable: false,
      Error: removed ? 'This node has been removed from the swarm' : '',
      RemoteManagers: null,
      Nodes: 0,
      Managers: 0,
      Cluster: null,
    }
  }
  const { cluster, self } = found
  const controls = self.role === 'manager'
  const led = !self.lost && hasQuorum(cluster)
  return {
    NodeID: self.id,
    NodeAddr: engine.address,
    LocalNodeState: 'active',
    ControlAvailable: controls,
    Error: controls && !led ? 'rpc error: code = Unknown desc = The swarm does not have a leader.' : '',
    RemoteManagers: managersOf(cluster).map((node) => ({ NodeID: node.id, Addr: `${node.engine.address}:2377` })),
    Nodes: controls && led ? cluster.nodes.size : 0,
    Managers: controls && led ? managersOf(cluster).length : 0,
    Cluster: controls && led ? { ID: cluster.id, CreatedAt: new Date(cluster.createdAt).toISOString() } : null,
  }
}

export function nodeOf(cluster: Cluster, node: Node): { readonly [key: string]: Data } {
  return {
    ID: node.id,
    Version: { Index: 10 },
    CreatedAt: new Date(node.createdAt).toISOString(),
    Spec: { Labels: Object.fromEntries(node.labels), Role: node.role, Availability: node.availability },
    Description: {
      Hostname: node.engine.hostname,
      Platform: { Architecture: 'x86_64', OS: 'linux' },
      Resources: { NanoCPUs: node.engine.cpu * 1_000_000_000, MemoryBytes: node.engine.memoryBytes },
      Engine: { EngineVersion: engineVersion },
    },
    Status: {
      State: node.lost ? 'unknown' : isUp(node) ? 'ready' : 'down',
      Addr: node.engine.address,
      ...(isUp(node) ? {} : { Message: 'heartbeat failure' }),
    },
    ManagerStatus:
      node.role === 'manager' && !node.lost
        ? {
            Leader: cluster.leader === node.id,
            Reachability: isUp(node) ? 'reachable' : 'unreachable',
            Addr: `${node.engine.address}:2377`,
          }
        : null,
  }
}

/** A line of `docker node ls`. */
export function nodeLine(cluster: Cluster, node: Node, self: Node): { readonly [key: string]: string } {
  const availability = { active: 'Active', pause: 'Pause', drain: 'Drain' }[node.availability]
  const manager =
    node.role !== 'manager' || node.lost
      ? ''
      : cluster.leader === node.id
        ? 'Leader'
        : isUp(node)
          ? 'Reachable'
          : 'Unreachable'
  return {
    ID: node.id,
    Self: String(node === self),
    Hostname: node.engine.hostname,
    Status: node.lost ? 'Unknown' : isUp(node) ? 'Ready' : 'Down',
    Availability: availability,
    ManagerStatus: manager,
    TLSStatus: 'Ready',
    EngineVersion: engineVersion,
  }
}

export const taskTitles = ['ID', 'NAME', 'IMAGE', 'NODE', 'DESIRED STATE', 'CURRENT STATE', 'ERROR', 'PORTS']

/** A line of `docker service ps` and `docker node ps`. */
export function taskLine(service: Service, task: Task, node: Node | undefined): { readonly [key: string]: string } {
  return {
    ID: task.id.slice(0, 12),
    Name: `${service.name}.${task.slot}`,
    Image: service.image,
    Node: node?.engine.hostname ?? '',
    DesiredState: 'Running',
    CurrentState: 'Running 1 second ago',
    Error: '',
    Ports: '',
  }
}
