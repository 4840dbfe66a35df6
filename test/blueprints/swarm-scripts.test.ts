import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { type DockerNode, runScript } from './support/docker-shell.ts'

// What the swarm's scripts decide, in the bash interpreter of the simulated machines. That Docker understands them is
// shown on real machines by the end-to-end test.

const script = (name: string) => readFile(new URL(`../../blueprints/swarm/scripts/${name}`, import.meta.url), 'utf8')
const node = (id: string, name: string, manager = '', status: DockerNode['status'] = 'Ready'): DockerNode => ({
  id,
  name,
  status,
  manager,
})

const three = [
  node('a', 'manager-0', 'Leader'),
  node('b', 'manager-1', 'Reachable'),
  node('c', 'manager-2', 'Reachable'),
  node('w', 'worker-0'),
]

describe('leave', async () => {
  const leave = await script('leave.sh')
  const subject = (ref: string, answers = true) => ({
    GANTRY_SUBJECT: ref,
    GANTRY_SUBJECT_ADDRESS: '10.0.0.9',
    GANTRY_SUBJECT_ANSWERS: String(answers),
    DRAIN_SECONDS: '3',
  })

  test('a live worker is drained, then removed', async () => {
    const ran = await runScript(leave, subject('worker-0@1'), { nodes: three })
    expect(ran).toMatchObject({ exitCode: 0, changes: ['node update --availability drain w', 'node rm --force w'] })
  })

  test('a drain lasts until its tasks have stopped and their services are whole elsewhere', async () => {
    const looks = {
      'node ps w --format {{.CurrentState}}': ['Running 1 minute ago\n', 'Shutdown 1 second ago\n'],
      'node ps w --format {{.Name}}': ['web.1\n \\_ web.1\nlog.agent.w\n'],
      'service ls': ['web 1/2 (max 1 per node)\nother 0/4\nlog.agent 3/3\n', 'web 1/2\n', 'web 2/2\nother 0/4\n'],
    }
    const ran = await runScript(leave, subject('worker-0@1'), { nodes: three, looks })
    expect(ran).toMatchObject({ exitCode: 0, changes: ['node update --availability drain w', 'node rm --force w'] })
    expect(ran.output).not.toContain('elsewhere')
  })

  test('what runs nowhere else in time is named, and its node leaves all the same', async () => {
    const looks = {
      'node ps w --format {{.CurrentState}}': ['Running 1 minute ago\nRunning 2 minutes ago\n'],
      'node ps w --format {{.Name}}': ['web.1\nlog.agent.w\n'],
      'service ls': ['web 1/2\nother 0/4\nlog.agent 0/3\n'],
    }
    const ran = await runScript(leave, subject('worker-0@1'), { nodes: three, looks })
    expect(ran).toMatchObject({ exitCode: 0, changes: ['node update --availability drain w', 'node rm --force w'] })
    expect(ran.output).toContain('worker-0 still runs 2 tasks after 3 s')
    expect(ran.output).toContain('not running elsewhere after 3 s: web 1/2, log.agent 0/3')
  })

  test('a dead worker is removed without waiting for its work', async () => {
    const ran = await runScript(leave, subject('worker-0@1', false), { nodes: three })
    expect(ran).toMatchObject({ exitCode: 0, changes: ['node rm --force w'] })
  })

  test('who is not in the swarm has left', async () => {
    const ran = await runScript(leave, subject('worker-7@1'), { nodes: three })
    expect(ran).toMatchObject({ exitCode: 0, changes: [] })
  })

  test('the old incarnation leaves; its successor, which is named after it, stays', async () => {
    const nodes = [...three, node('x', 'worker-0-2')]
    expect((await runScript(leave, subject('worker-0@1', false), { nodes })).changes).toEqual(['node rm --force w'])
    expect((await runScript(leave, subject('worker-0@2', false), { nodes })).changes).toEqual(['node rm --force x'])
  })

  test('a manager is demoted before it is removed, and removal waits until it has lost its vote', async () => {
    const ran = await runScript(leave, subject('manager-1@1', false), { nodes: three, failing: { 'node rm': 4 } })
    expect(ran).toMatchObject({ exitCode: 0, changes: ['node demote b', 'node rm --force b'] })
  })

  test('a manager stays while the others would lose their majority by its leaving', async () => {
    const nodes = [
      node('a', 'manager-0', 'Leader'),
      node('b', 'manager-1', 'Reachable'),
      node('c', 'manager-2', 'Unreachable', 'Down'),
    ]
    const ran = await runScript(leave, subject('manager-1@1', false), { nodes })
    expect(ran).toMatchObject({ exitCode: 1, changes: [] })
    expect(ran.output).toContain('only 1 of 2 managers are reachable')
  })

  test('a dead manager of three leaves the other two', async () => {
    const nodes = [
      node('a', 'manager-0', 'Unreachable', 'Down'),
      node('b', 'manager-1', 'Leader'),
      node('c', 'manager-2', 'Reachable'),
    ]
    const ran = await runScript(leave, subject('manager-0@1', false), { nodes })
    expect(ran).toMatchObject({ exitCode: 0, changes: ['node demote a', 'node rm --force a'] })
  })
})

describe('join', async () => {
  const join = await script('join.sh')
  const env = { CLUSTER: 'one', TOKEN: 'secret', MANAGER: '10.0.0.1', GANTRY_ADDRESS: '10.0.0.5' }
  const joined = 'swarm join --advertise-addr 10.0.0.5 --token secret 10.0.0.1:2377'

  test('a machine in no swarm joins with its own address', async () => {
    const ran = await runScript(join, env, { info: { LocalNodeState: 'inactive' } })
    expect(ran).toMatchObject({ exitCode: 0, changes: [joined] })
  })

  test('a join that fails is left to the next attempt', async () => {
    const ran = await runScript(join, env, { info: { LocalNodeState: 'inactive' }, failing: { 'swarm join': 1 } })
    expect(ran.exitCode).not.toBe(0)
  })

  test('a join that hangs or broke is given up and done again', async () => {
    for (const state of ['pending', 'error']) {
      const ran = await runScript(join, env, { info: { LocalNodeState: state } })
      expect(ran, state).toMatchObject({ exitCode: 0, changes: ['swarm leave --force', joined] })
    }
  })

  test('who is in this swarm has joined, as manager or as worker', async () => {
    const manager = { LocalNodeState: 'active', ControlAvailable: 'true', 'Cluster.ID': 'one' }
    const worker = { LocalNodeState: 'active', ControlAvailable: 'false' }
    for (const info of [manager, worker])
      expect(await runScript(join, env, { info, certificateOf: 'one' })).toMatchObject({ exitCode: 0, changes: [] })
  })

  test('a worker of another swarm leaves it first, whatever the addresses of its managers are', async () => {
    const info = { LocalNodeState: 'active', ControlAvailable: 'false', RemoteManagers: '10.0.0.1:2377 ' }
    expect(await runScript(join, env, { info, certificateOf: 'two' })).toMatchObject({
      exitCode: 0,
      changes: ['swarm leave --force', joined],
    })
  })

  test('a manager of another swarm is an error, and stays there: it holds what that one knows', async () => {
    const info = { LocalNodeState: 'active', ControlAvailable: 'true', 'Cluster.ID': 'two' }
    const ran = await runScript(join, env, { info, certificateOf: 'two' })
    expect(ran).toMatchObject({ exitCode: 1, changes: [] })
    expect(ran.output).toContain('a manager of another swarm than one')
  })
})

describe('found', async () => {
  const found = await script('found.sh')
  const env = { GANTRY_ADDRESS: '10.0.0.1' }

  test('makes a swarm, says its id, and keeps the token that Docker prints out of the log', async () => {
    const ran = await runScript(found, env, { info: { LocalNodeState: 'inactive' } })
    expect(ran).toMatchObject({
      exitCode: 0,
      outputs: ['clusterId=new'],
      changes: ['swarm init --advertise-addr 10.0.0.1'],
    })
    expect(ran.output).toBe('')
  })

  test('finds the swarm that an earlier attempt made', async () => {
    const info = { LocalNodeState: 'active', ControlAvailable: 'true', 'Cluster.ID': 'old' }
    expect(await runScript(found, env, { info })).toMatchObject({
      exitCode: 0,
      outputs: ['clusterId=old'],
      changes: [],
    })
  })

  test('a manager that is left of a lost quorum goes on alone, with the state of the swarm', async () => {
    const info = { LocalNodeState: 'active', ControlAvailable: 'true', 'Cluster.ID': 'old' }
    expect(await runScript(found, env, { info, failing: { 'node ls': 15 } })).toMatchObject({
      exitCode: 0,
      changes: ['swarm init --force-new-cluster --advertise-addr 10.0.0.1'],
    })
  })

  test('an election is waited for: the others may come back', async () => {
    const info = { LocalNodeState: 'active', ControlAvailable: 'true', 'Cluster.ID': 'old' }
    expect(await runScript(found, env, { info, failing: { 'node ls': 14 } })).toMatchObject({
      exitCode: 0,
      changes: [],
    })
  })

  test('does not found on a worker of another swarm', async () => {
    const info = { LocalNodeState: 'active', ControlAvailable: 'false' }
    expect(await runScript(found, env, { info })).toMatchObject({ exitCode: 1, outputs: [], changes: [] })
  })
})

describe('health', async () => {
  const health = await script('health.sh')
  const env = { MANAGERS: 'manager-0,manager-1,manager-2', WORKERS: 'worker-0' }

  test('all ready and reachable, a replaced one under its later name, is healthy', async () => {
    const nodes = three.map((one) => (one.id === 'b' ? node('b2', 'manager-1-2', 'Reachable') : one))
    expect(await runScript(health, env, { nodes })).toMatchObject({ exitCode: 0, output: '' })
  })

  test('names each member that is missing, down or unreachable', async () => {
    const nodes = [
      node('a', 'manager-0', 'Leader'),
      node('b', 'manager-1', 'Unreachable'),
      node('w', 'worker-0', '', 'Down'),
    ]
    const ran = await runScript(health, env, { nodes })
    expect(ran.exitCode).toBe(1)
    expect(ran.output.trim().split('\n')).toEqual([
      'manager-1 is not a manager that is ready and reachable',
      'manager-2 is not a manager that is ready and reachable',
      'worker-0 is not ready',
    ])
  })

  test('worker-1 is not taken for worker-10', async () => {
    const ran = await runScript(
      health,
      { MANAGERS: 'manager-0', WORKERS: 'worker-1' },
      { nodes: [node('a', 'manager-0', 'Leader'), node('w', 'worker-10')] },
    )
    expect(ran.exitCode).toBe(1)
  })
})
