// The people before the platform: an infra-admin registers the lab, a tenant gets a ticket and a project.

import type { Api } from '../../src/cli/client/api.ts'
import { hasEnded } from '../../src/cli/client/watch.ts'
import { type LabFacts, providerConfig } from '../lab/incus/lab.ts'
import { eventually } from './support.ts'

const GiB = 2 ** 30

/** Answers the project's id. */
export async function registerLab(api: Api, facts: LabFacts): Promise<string> {
  await api.createProvider({
    name: 'lab',
    kind: 'incus',
    config: await providerConfig(facts),
    images: { 'debian-12': { ref: facts.image, user: facts.loginUser } },
    // Machines that mostly wait share the processors of a small test machine.
    overcommit: { cpu: 8, memory: 2, disk: 2 },
  })
  const limits = {
    'platform.count': 10,
    'vm.count': 20,
    'vm.cpu': 40,
    'vm.memory': 40 * GiB,
    'disk.capacity': 400 * GiB,
  }
  const tenant = await api.createTenant({ name: 'acme' })
  const ticket = await api.createTicket(tenant.id, { name: 'gold', limits })
  const project = await api.createProject(tenant.id, { name: 'shop', shares: [{ ticket: ticket.id, limits }] })
  return project.id
}

/** Waits for a task to end well; a blocked or failed one fails the test with its problem. Answers its last state. */
export async function taskDone(api: () => Api, id: string, withinMs: number) {
  const task = await eventually(
    withinMs,
    () => api().task(id),
    (answer) => hasEnded(answer) || answer.state === 'blocked',
  )
  if (task.state === 'done') return task
  throw new Error(
    `${task.kind} is ${task.state}: ${JSON.stringify(task.problem ?? task.steps.filter((s) => s.problem))}`,
  )
}
