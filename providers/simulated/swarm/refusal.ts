// What the Docker daemon says when it does not do what it was asked: its own words (20.10), because scripts read them.

export class Refusal extends Error {
  override readonly name = 'Refusal'
}

export const words = {
  notManager:
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
  isWorker:
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
  alreadyIn: 'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
  notIn: 'This node is not part of a swarm',
  noLeader:
    "rpc error: code = Unknown desc = The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.",
  malformedToken: 'invalid join token',
  wrongToken: 'rpc error: code = InvalidArgument desc = A valid join token is necessary to join this cluster',
  wrongCluster: 'error while validating Root CA Certificate: x509: certificate signed by unknown authority',
  joinTimeout:
    'Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the "docker info" command to see the current swarm status of your node.',
  lastManagerLeaves:
    'You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message.',
  lastManagerDemoted: 'rpc error: code = FailedPrecondition desc = attempting to demote the last manager of the swarm',
  noMember: "rpc error: code = NotFound desc = can't find manager in raft memberlist",
  quorumLost:
    "rpc error: code = FailedPrecondition desc = can't remove member from the raft: this would result in a loss of quorum",
} as const

export function managerLeaves(left: number, of: number): string {
  const risk =
    left > of / 2
      ? ''
      : ' Without a Raft quorum your swarm will be inaccessible. The only way to restore a swarm that has lost consensus is to reinitialize it with `--force-new-cluster`.'
  return `You are attempting to leave the swarm on a node that is participating as a manager. Removing this node leaves ${left} managers out of ${of}.${risk} Use \`--force\` to suppress this message.`
}

export function refused(address: string): string {
  return `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial tcp ${address}: connect: connection refused"`
}

export function stillManager(id: string): string {
  return `rpc error: code = FailedPrecondition desc = node ${id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`
}

export function notDown(id: string): string {
  return `rpc error: code = FailedPrecondition desc = node ${id} is not down and can't be removed`
}
