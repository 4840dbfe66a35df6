import { isUp, managersOf, type Node } from '../../swarm/cluster.ts'
import { managerLeaves, Refusal, words } from '../../swarm/refusal.ts'
import { fail, ok } from '../command.ts'
import type { Invocation, Machine, Result } from '../inside.ts'
import { forgetCertificate, writeCertificate } from './certificate.ts'
import { engineOf } from './engine.ts'
import { readOptions } from './options.ts'

// docker swarm init | join | join-token | leave

/** What making or joining a cluster takes on a real machine. */
const raftMs = 1_000
const joinTimeoutMs = 20_000

export async function swarm(invocation: Invocation, args: readonly string[]): Promise<Result> {
  const [verb, ...rest] = args
  switch (verb) {
    case 'init':
      return init(invocation, rest)
    case 'join':
      return join(invocation, rest)
    case 'join-token':
      return joinToken(invocation.machine, rest)
    case 'leave':
      return leave(invocation, rest)
    default:
      return fail(125, `simulated: docker swarm ${verb ?? ''} is not simulated`)
  }
}

const addressFlags = {
  '--advertise-addr': 'advertise=',
  '--listen-addr': 'listen=',
  '--data-path-addr': 'data=',
  '--data-path-port': 'dataPort=',
  '--availability': 'availability=',
  '--default-addr-pool': 'pool=',
  '--default-addr-pool-mask-length': 'mask=',
}

async function init({ machine, signal }: Invocation, args: readonly string[]): Promise<Result> {
  const options = readOptions(args, { ...addressFlags, '--force-new-cluster': 'force', '--autolock': 'autolock' })
  const engine = engineOf(machine)
  const alone = engine.membership !== null && options.has('force')
  if (engine.membership !== null && !alone) throw new Refusal(words.alreadyIn)
  checkAddress(machine, options.value('advertise'))
  await machine.work(raftMs, signal)
  const { swarms } = machine.around
  const cluster = alone ? swarms.goOnAlone(engine) : swarms.init(engine)
  writeCertificate(machine)
  return ok(
    `Swarm initialized: current node (${cluster.leader}) is now a manager.\n\n` +
      `To add a worker to this swarm, run the following command:\n\n    ${joinLine(swarms.token(cluster, 'worker'), engine.address)}\n\n` +
      `To add a manager to this swarm, run 'docker swarm join-token manager' and follow the instructions.\n\n`,
  )
}

async function join({ machine, signal }: Invocation, args: readonly string[]): Promise<Result> {
  const options = readOptions(args, { ...addressFlags, '--token': 'token=' })
  const [address] = options.words
  if (address === undefined)
    return fail(1, '"docker swarm join" requires exactly 1 argument.\nSee \'docker swarm join --help\'.')
  checkAddress(machine, options.value('advertise'))
  await machine.work(raftMs, signal)
  const answer = machine.around.swarms.join(engineOf(machine), options.value('token') ?? '', address)
  if (answer.kind === 'unanswered') {
    await machine.work(joinTimeoutMs, signal)
    throw new Refusal(words.joinTimeout)
  }
  writeCertificate(machine)
  if (options.value('availability') === 'drain') answer.node.availability = 'drain'
  return ok(`This node joined a swarm as a ${answer.node.role}.\n`)
}

function joinToken(machine: Machine, args: readonly string[]): Result {
  const options = readOptions(args, { '-q': 'quiet', '--quiet': 'quiet', '--rotate': 'rotate' })
  const role = roleOf(options.words[0])
  const { swarms } = machine.around
  const { cluster, self } = swarms.managed(engineOf(machine))
  if (options.has('rotate')) swarms.rotate(cluster, role)
  const token = swarms.token(cluster, role)
  if (options.has('quiet')) return ok(`${token}\n`)
  const rotated = options.has('rotate') ? `Successfully rotated ${role} join token.\n\n` : ''
  return ok(
    `${rotated}To add a ${role} to this swarm, run the following command:\n\n    ${joinLine(token, self.engine.address)}\n\n`,
  )
}

async function leave({ machine, signal }: Invocation, args: readonly string[]): Promise<Result> {
  const options = readOptions(args, { '-f': 'force', '--force': 'force' })
  const engine = engineOf(machine)
  if (engine.membership === null) throw new Refusal(words.notIn)
  const found = machine.around.swarms.member(engine)
  if (found !== null && found.self.role === 'manager' && !options.has('force')) {
    const { cluster, self } = found
    const managers = managersOf(cluster)
    if (managers.length === 1) throw new Refusal(words.lastManagerLeaves)
    const left = managers.filter((node: Node) => node !== self && isUp(node)).length
    throw new Refusal(managerLeaves(left, managers.length))
  }
  await machine.work(raftMs / 2, signal)
  machine.around.swarms.leave(engine)
  await forgetCertificate(machine)
  return ok('Node left the swarm.\n')
}

/** Docker refuses to announce an address the machine does not have. */
function checkAddress(machine: Machine, advertised: string | undefined): void {
  if (advertised === undefined) return
  const address = advertised.replace(/:\d+$/, '')
  const known = [...machine.facts.addresses, machine.facts.hostname, '127.0.0.1', 'eth0', 'lo']
  if (!known.includes(address))
    throw new Refusal(
      "must specify a listening address because the address to advertise is not recognized as a system address, and a system's IP address to use could not be uniquely identified",
    )
}

function roleOf(word: string | undefined): Node['role'] {
  if (word === 'worker' || word === 'manager') return word
  throw new Refusal(`unknown role ${word ?? ''}`)
}

function joinLine(token: string, address: string): string {
  return `docker swarm join --token ${token} ${address}:2377`
}
