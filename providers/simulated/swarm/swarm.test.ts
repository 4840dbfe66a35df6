import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import type { MachineRequest, OwnerTag, ResourceKey } from '../../../src/provider/contract.ts'
import { noOutput, type Result } from '../shell/inside.ts'
import { createChance } from '../world/chance.ts'
import { worldLayout } from '../world/layout.ts'
import type { SimMachine } from '../world/sim-machine.ts'
import { createWorld, type World } from '../world/world.ts'

// Docker's rules of a swarm, asked for in Docker's words.

let world: World
let machines: SimMachine[]

function request(hostname: string): MachineRequest {
  return {
    owner: 'ins_test' as OwnerTag,
    hostname,
    resources: { cpu: 1, memoryBytes: 2 ** 30, diskBytes: 2 ** 30 },
    image: 'debian-12-docker',
    zone: 'zone-a',
    host: null,
    spreadGroup: null,
    networks: [],
    loginUser: 'root',
    authorizedKey: '',
    hostKey: { publicKey: '', privateKeyPem: '' },
    specHash: '',
  }
}

function on(index: number, script: string): Promise<Result> {
  const inside = machines[index]?.inside()
  if (inside === undefined) throw new Error(`no machine ${index}`)
  return inside.spawn({
    run: { kind: 'program', argv: ['bash', '-c', script] },
    env: { PATH: '/usr/bin' },
    cwd: '/root',
    user: inside.root,
    stdin: '',
    prelude: '',
    output: noOutput,
    parent: null,
    tiedTo: null,
  }).done
}

async function said(index: number, script: string): Promise<string> {
  const { stdout, stderr, exitCode } = await on(index, script)
  if (exitCode !== 0) throw new Error(`${script}: ${exitCode} ${stderr}`)
  return stdout.trim()
}

function nodes(index: number): Promise<string> {
  return said(index, "docker node ls --format '{{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}}'")
}

async function machinesWithDocker(count: number): Promise<void> {
  world = createWorld(worldLayout.parse({ bootMs: 0, workFactor: 0 }), realSeams(), createChance(3))
  machines = []
  const [host] = world.hosts
  for (const name of ['a', 'b', 'c', 'd', 'e'].slice(0, count))
    if (host) machines.push(await world.add(name as ResourceKey, request(name), host))
  for (let i = 0; i < count; i++) await said(i, 'systemctl start docker')
}

async function swarmOf(managers: number, workers: number): Promise<void> {
  await machinesWithDocker(managers + workers)
  await said(0, 'docker swarm init --advertise-addr 10.77.0.1')
  for (let i = 1; i < managers + workers; i++) {
    const token = await said(0, `docker swarm join-token -q ${i < managers ? 'manager' : 'worker'}`)
    await said(i, `docker swarm join --token ${token} 10.77.0.1:2377`)
  }
}

describe('a machine without a swarm', () => {
  beforeAll(() => machinesWithDocker(2))

  test('says so to whoever asks about nodes', async () => {
    expect(await on(0, 'docker node ls')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('This node is not a swarm manager. Use "docker swarm init"'),
    })
    expect(await said(0, "docker info --format '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}'")).toBe(
      'inactive false',
    )
  })

  test('cannot join what is no manager, what does not answer, or with what is no token', async () => {
    const token = `SWMTKN-1-${'0'.repeat(50)}-${'0'.repeat(25)}`
    expect((await on(0, `docker swarm join --token ${token} 10.77.0.2:2377`)).stderr).toContain('connection refused')
    expect((await on(0, `docker swarm join --token ${token} 10.77.9.9:2377`)).stderr).toContain('Timeout was reached')
    expect((await on(0, 'docker swarm join --token nonsense 10.77.0.2:2377')).stderr).toContain('invalid join token')
  })

  test('does not announce an address it has not', async () => {
    expect(await on(0, 'docker swarm init --advertise-addr 10.77.0.2')).toMatchObject({ exitCode: 1 })
  })
})

describe('a swarm of three managers and a worker', () => {
  beforeEach(() => swarmOf(3, 1))

  test('lists its nodes, and is seen as one cluster by all managers', async () => {
    expect(await nodes(0)).toBe(
      'a Ready Active Leader\nb Ready Active Reachable\nc Ready Active Reachable\nd Ready Active',
    )
    expect(await nodes(2)).toBe(await nodes(0))
    const ids = await Promise.all([0, 1, 2].map((i) => said(i, "docker info -f '{{.Swarm.Cluster.ID}}'")))
    expect(new Set(ids).size).toBe(1)
    expect(await on(3, 'docker node ls')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Worker nodes can't"),
    })
  })

  test('refuses a token that was rotated away, and one of another swarm', async () => {
    const old = await said(0, 'docker swarm join-token -q worker')
    await said(0, 'docker swarm join-token --rotate -q worker')
    await said(3, 'docker swarm leave')
    expect((await on(3, `docker swarm join --token ${old} 10.77.0.1:2377`)).stderr).toContain(
      'A valid join token is necessary',
    )
    const foreign = `SWMTKN-1-${'a'.repeat(50)}-${'b'.repeat(25)}`
    expect((await on(3, `docker swarm join --token ${foreign} 10.77.0.1:2377`)).stderr).toContain('unknown authority')
  })

  test('elects another leader when one dies, and stops when a majority is dead', async () => {
    const [first, second] = machines
    if (!first || !second) throw new Error('no machines')
    world.kill(first, 'silent')
    expect(await nodes(1)).toBe(
      'a Down Active Unreachable\nb Ready Active Leader\nc Ready Active Reachable\nd Ready Active',
    )
    world.kill(second, 'silent')
    expect(await on(2, 'docker node ls')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('does not have a leader'),
    })
    expect(await said(2, "docker info -f '{{.Swarm.ControlAvailable}} {{.Swarm.Nodes}}'")).toBe('true 0')
    await said(2, 'docker swarm init --force-new-cluster --advertise-addr 10.77.0.3')
    // As of real Docker: they stay until they are removed, and cannot be demoted.
    expect(await nodes(2)).toBe('a Unknown Active \nb Unknown Active \nc Ready Active Leader\nd Ready Active')
    expect((await on(2, 'docker node demote a')).stderr).toContain("can't find manager in raft memberlist")
    await said(2, 'docker node rm --force a b')
    expect(await nodes(2)).toBe('c Ready Active Leader\nd Ready Active')
  })

  test('removes a manager only after its demotion, and a live node only by force', async () => {
    expect((await on(0, 'docker node rm b')).stderr).toContain('It must be demoted to worker before removal')
    expect(await said(0, 'docker node demote b')).toBe('Manager b demoted in the swarm.')
    expect((await on(0, 'docker node rm b')).stderr).toContain("is not down and can't be removed")
    expect(await said(0, 'docker node rm --force b')).toBe('b')
    expect(await nodes(0)).toBe('a Ready Active Leader\nc Ready Active Reachable\nd Ready Active')
    expect(await said(1, "docker info -f '{{.Swarm.LocalNodeState}}'")).toBe('error')
  })

  test('keeps a quorum: the vote that it would miss cannot be taken away', async () => {
    const [, second] = machines
    if (!second) throw new Error('no machine')
    world.kill(second, 'silent')
    expect((await on(0, 'docker node demote c')).stderr).toContain('loss of quorum')
    await said(0, 'docker node demote b')
    expect(await said(0, 'docker node rm b')).toBe('b')
  })

  test('is left by a manager only by force, and shows who left as down', async () => {
    expect((await on(1, 'docker swarm leave')).stderr).toContain(
      'You are attempting to leave the swarm on a node that is participating as a manager',
    )
    await said(1, 'docker swarm leave --force')
    expect(await nodes(0)).toContain('b Down Active Unreachable')
  })

  test('is still there after a reboot', async () => {
    await said(1, 'systemctl enable docker')
    const [, second] = machines
    if (!second) throw new Error('no machine')
    world.reset(second)
    expect(await nodes(0)).toContain('b Ready Active Reachable')
  })

  test('runs a service on as many nodes as it may, and moves it off a drained one', async () => {
    await said(
      0,
      'docker service create --name web --replicas 4 --endpoint-mode dnsrr --no-resolve-image -d busybox httpd -f',
    )
    const spread = () => said(0, "docker service ps web --format '{{.Node}}' | sort")
    expect(await spread()).toBe('a\nb\nc\nd')
    await said(0, 'docker node update --availability drain d')
    expect(await spread()).not.toContain('d')
    expect(await said(0, "docker service ls --format '{{.Name}} {{.Replicas}}'")).toBe('web 4/4')
  })
})

test('what Docker has and the simulation has not, says so and fails', async () => {
  await machinesWithDocker(1)
  expect(await on(0, 'docker exec x ls')).toMatchObject({
    exitCode: 125,
    stderr: 'simulated: docker exec is not simulated\n',
  })
  expect(await on(0, "docker info --format '{{.Nonsense}}'")).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("can't evaluate field Nonsense"),
  })
  await said(0, 'systemctl stop docker')
  expect((await on(0, 'docker ps')).stderr).toContain('Cannot connect to the Docker daemon')
})
