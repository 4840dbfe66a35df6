// A task as the API sends it: a Swarm of three in the middle of being built.

import type { Step, Task } from '../../src/cli/client/types.ts'

export const start = Date.parse('2026-11-22T10:44:00.000Z')

/** An instant so many seconds after the start. */
export function at(seconds: number): string {
  return new Date(start + seconds * 1000).toISOString()
}

export function step(name: string, member: string | null, state: Step['state'], rest: Partial<Step> = {}): Step {
  const kind = name === 'machine' || name === 'ssh' ? name : 'script'
  return {
    key: kind === 'script' ? `script/${member === null ? '' : `${member}/`}${name}` : `${kind}/${member}`,
    name,
    kind,
    want: 'present',
    mode: member === null ? 'once' : 'each',
    member,
    state,
    reason: null,
    attempt: state === 'pending' ? 0 : 1,
    lastLine: null,
    problem: null,
    startedAt: null,
    finishedAt: null,
    seconds: null,
    nextAt: null,
    deadlineAt: null,
    ...rest,
  }
}

/** Done between two instants, in seconds after the start. */
export function done(name: string, member: string | null, from: number, to: number): Step {
  return step(name, member, 'done', { startedAt: at(from), finishedAt: at(to), seconds: to - from })
}

export function task(steps: readonly Step[], rest: Partial<Task> = {}): Task {
  return {
    id: 'tsk_01k9hnvdc7f3a8w6q2x4y5z0tb',
    kind: 'platform.create',
    operation: null,
    state: 'running',
    reason: null,
    tenant: 'tnt_01k9hnvdc7f3a8w6q2x4y5z0tb',
    project: 'prj_01k9hnvdc7f3a8w6q2x4y5z0tb',
    target: { kind: 'platform', id: 'plt_01k9hnvdc7f3a8w6q2x4y5z0tb', name: 'team-a', generation: 1 },
    problem: null,
    supersededBy: null,
    actor: 'admin',
    createdAt: at(0),
    startedAt: at(0),
    endedAt: null,
    seconds: 23,
    progress: { done: steps.filter((one) => one.state === 'done').length, total: steps.length },
    steps: [...steps],
    parameters: null,
    outputs: {},
    eta: null,
    usual: null,
    receipt: null,
    ...rest,
  }
}

const members = ['manager-0@1', 'worker-0@1', 'worker-1@2']

/** Machines are up, one installs Docker for the second time, the rest waits. */
export const building: Task = task([
  ...members.map((member, i) => done('machine', member, 0, 1 + i * 0.2)),
  ...members.map((member, i) => done('ssh', member, 1 + i * 0.2, 1.6 + i * 0.2)),
  done('docker', 'manager-0@1', 1.6, 3.1),
  done('docker', 'worker-0@1', 1.8, 3.4),
  step('docker', 'worker-1@2', 'running', { attempt: 2, startedAt: at(14), lastLine: 'Unpacking docker.io ...' }),
  done('found', null, 3.1, 3.5),
  step('join', 'worker-0@1', 'blocked', {
    startedAt: at(4),
    problem: {
      code: 'script_failed',
      detail: 'join.sh ended with exit code 100',
      next: 'gantry logs team-a worker-0 join',
    },
  }),
  step('join', 'worker-1@2', 'pending'),
  step('token', null, 'pending', { mode: 'fresh' }),
  step('settled', null, 'pending', { key: 'gate/settled/1a2b', kind: 'gate' }),
])
