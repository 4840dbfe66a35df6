import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { openDoors } from '../../../providers/simulated/daemon/doors.ts'
import { createChance } from '../../../providers/simulated/world/chance.ts'
import { worldLayout } from '../../../providers/simulated/world/layout.ts'
import type { SimMachine } from '../../../providers/simulated/world/sim-machine.ts'
import { createWorld } from '../../../providers/simulated/world/world.ts'
import { type RemoteTarget, sshRemote } from '../../../src/bootstrap/index.ts'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { bootMachine } from './fate.ts'

// The scripts of the swarm blueprint as they are, over SSH, on simulated machines: founding, joining, health, and
// a dead manager that leaves.

const seams = realSeams()
const doors = openDoors(seams)
const world = createWorld(
  worldLayout.parse({ bootMs: 0, jitter: 0, workFactor: 0.01 }),
  seams,
  createChance(1),
  doors.open,
)
doors.serve(world)
const remote = sshRemote(seams)
const signal = new AbortController().signal
let attempts = 0

afterAll(async () => {
  await remote[Symbol.asyncDispose]()
  for (const machine of world.living()) world.kill(machine, 'vanished')
  doors.close()
})

interface Member {
  readonly name: string
  readonly machine: SimMachine
  readonly target: RemoteTarget
}

async function boot(name: string): Promise<Member> {
  return { name, ...(await bootMachine(world, 'admin')) }
}

async function run(
  member: Member,
  script: string,
  env: Record<string, string> = {},
): Promise<Readonly<Record<string, string>>> {
  const attempt = {
    id: `att_${attempts++}`,
    stepKey: `script/${member.name}/${script}`,
    fence: 1,
    fenceScope: 'plt_1',
    script: readFileSync(`blueprints/swarm/scripts/${script}.sh`, 'utf8'),
    env: { GANTRY_MEMBER: member.name, GANTRY_ADDRESS: member.machine.address, ...env },
    secretEnv: {},
    timeoutMs: 60_000,
    mustGive: [],
  }
  const status = await remote.start(member.target, [attempt], 30_000, signal)
  if (status.kind === 'ended' && status.exitCode === 0) return status.outputs
  const log = await remote.log(member.target, attempt.id, 0, 10_000, signal)
  throw new Error(`${script} on ${member.name}: ${JSON.stringify(status)} ${Buffer.from(log).toString()}`)
}

test('a swarm of three is founded, joined, healthy, and loses a dead manager in order', {
  timeout: 60_000,
}, async () => {
  const managers: Member[] = []
  for (const name of ['manager-0@1', 'manager-1@1', 'manager-2@1']) managers.push(await boot(name))
  const [first, second, third] = managers
  if (!first || !second || !third) throw new Error('no machines')
  await Promise.all(managers.map((member) => run(member, 'docker')))
  const { clusterId } = await run(first, 'found')
  const join = async (member: Member): Promise<void> => {
    const { manager = '', address = '' } = await run(first, 'token')
    await run(member, 'join', { TOKEN: manager, MANAGER: address, CLUSTER: clusterId ?? '' })
  }
  await join(second)
  await join(third)
  const health = { MANAGERS: 'manager-0,manager-1,manager-2', WORKERS: '' }
  await run(second, 'health', health)

  world.kill(third.machine, 'off')
  await expect(run(first, 'health', health)).rejects.toThrow('manager-2 is not a manager that is ready and reachable')
  const gone = {
    GANTRY_SUBJECT: 'manager-2@1',
    GANTRY_SUBJECT_ADDRESS: third.machine.address,
    GANTRY_SUBJECT_ANSWERS: 'false',
  }
  await run(second, 'leave', { ...gone, DRAIN_SECONDS: '5' })
  await run(second, 'leave', { ...gone, DRAIN_SECONDS: '5' })

  const replacement = await boot('manager-2@2')
  await run(replacement, 'docker')
  await join(replacement)
  await run(first, 'health', health)
})

test('a worker whose managers are all lost joins the swarm that was founded anew, also when it is told to twice', {
  timeout: 60_000,
}, async () => {
  const lost = await boot('manager-0@1')
  const worker = await boot('worker-0@1')
  await Promise.all([lost, worker].map((member) => run(member, 'docker')))
  const admit = async (by: Member, cluster: string) => {
    const { worker: token = '', address = '' } = await run(by, 'token')
    await run(worker, 'join', { TOKEN: token, MANAGER: address, CLUSTER: cluster })
  }
  const { clusterId: before = '' } = await run(lost, 'found')
  await admit(lost, before)
  await run(worker, 'smoke', { CLUSTER: before })

  world.kill(lost.machine, 'vanished')
  const fresh = await boot('manager-0@2')
  await run(fresh, 'docker')
  const { clusterId: now = '' } = await run(fresh, 'found')
  await expect(run(worker, 'smoke', { CLUSTER: now })).rejects.toThrow(`in another swarm than ${now}`)
  await admit(fresh, now)
  await admit(fresh, now)
  await run(worker, 'smoke', { CLUSTER: now })
  await run(fresh, 'health', { MANAGERS: 'manager-0', WORKERS: 'worker-0' })
})
