// The story: an infra-admin registers infrastructure, a tenant gets a ticket and a project, somebody asks for a Swarm.

import type { Api } from '../client/api.ts'
import { bytes } from '../client/duration.ts'
import { count } from '../client/text.ts'
import type { Task } from '../client/types.ts'

type Said = (what: string, text: string) => void
const GiB = 2 ** 30

/** Registers the provider, makes tenant, ticket and project; answers the project's id. */
export async function prepare(api: Api, stage: { worldFolder: string }, said: Said): Promise<{ project: string }> {
  const provider = await api.createProvider({
    name: 'sim',
    kind: 'simulated',
    // Faster than life, so that the whole story is told in seconds.
    config: { folder: stage.worldFolder, world: { bootMs: 700, workFactor: 0.06 } },
    images: { 'debian-12': { ref: 'debian-12', user: 'root' } },
  })
  const hosts = provider.zones.reduce((sum, zone) => sum + zone.hosts, 0)
  said(
    'provider',
    `${provider.name} (${provider.kind}): ${count(hosts, 'host')} in ${provider.zones.map((z) => z.name).join(' and ')}`,
  )
  const tenant = await api.createTenant({ name: 'acme' })
  const limits = {
    'platform.count': 4,
    'vm.count': 12,
    'vm.cpu': 24,
    'vm.memory': 64 * GiB,
    'disk.capacity': 500 * GiB,
  }
  const ticket = await api.createTicket(tenant.id, { name: 'gold', limits })
  const project = await api.createProject(tenant.id, { name: 'shop', shares: [{ ticket: ticket.id, limits }] })
  said(
    'tenant',
    `${tenant.name}, project ${project.name}, ticket ${ticket.name}: ${limits['vm.count']} machines, ${bytes(limits['vm.memory'])} of memory`,
  )
  return { project: project.id }
}

/** Asks for the platform. */
export async function request(api: Api, project: string, said: Said): Promise<Task> {
  const parameters = { managers: 1, workers: 2 }
  const task = await api.createPlatform(project, { name: 'hello', blueprint: 'swarm', parameters })
  said('request', `platform ${task.target.name}: a Docker Swarm of 1 manager and 2 workers`)
  return task
}
